/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/screen.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/bits.h"
#include "run/signals.h"

/* The other screen, without a cursor; and back. */
#define ENTER "\033[?1049h\033[?25l\033[H\033[2J"
#define LEAVE "\033[?25h\033[?1049l"

/* As it was; there is one in a process. */
static struct termios terminal_before;

static void put(const char *text, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, text, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		text += done;
		n -= (size_t)done;
	}
}

static void restore(void)
{
	ssize_t ignored = write(STDOUT_FILENO, LEAVE, strlen(LEAVE));

	(void)ignored;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
}

struct err *screen_take(void)
{
	struct termios t;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &t))
		return err_new(ERR_OTHER, "a screen needs a terminal");
	terminal_before = t;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &t))
		return err_os(errno, "taking the terminal");
	signals_at_kill(restore);
	put(ENTER, strlen(ENTER));
	return NULL;
}

void screen_give(void)
{
	if (signals_at_kill(NULL))
		restore();
}

/* ---- keys ---- */

static int next_byte(void)
{
	unsigned char c;

	return read(STDIN_FILENO, &c, 1) == 1 ? c : -1;
}

/* "\033[A" and the like; what is not known is no key. */
static int escaped(void)
{
	int c = next_byte();

	if (c != '[' && c != 'O')
		return c < 0 ? '\033' : SCREEN_NONE;
	c = next_byte();
	switch (c) {
	case 'A':
		return SCREEN_UP;
	case 'B':
		return SCREEN_DOWN;
	case '5':
	case '6':
		(void)next_byte();
		return c == '5' ? SCREEN_PAGE_UP : SCREEN_PAGE_DOWN;
	}
	return SCREEN_NONE;
}

int screen_key(void)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	int c;

	if (poll(&pfd, 1, 0) <= 0)
		return SCREEN_NONE;
	c = next_byte();
	return c < 0 ? SCREEN_NONE : c == '\033' ? escaped() : c;
}

/* ---- pictures ---- */

void screen_begin(struct screen *s)
{
	struct winsize w;
	bool is_known = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_row &&
			w.ws_col;

	s->rows = is_known ? w.ws_row : 24;
	s->cols = is_known ? w.ws_col : 80;
	s->row = 0;
	s->frame.len = 0;
	buf_str(&s->frame, STR("\033[H"));
}

/* Beyond 127, some terminals know codes to obey, too: U+0080 to U+009F. */
static bool is_code(struct str text, uint32_t i)
{
	unsigned char c = (unsigned char)text.s[i];

	return i && (unsigned char)text.s[i - 1] == 0xc2 && c >= 0x80 &&
	       c < 0xa0;
}

/* Letters take one column each, however many bytes they have. */
static void add_text(struct screen *s, struct str text)
{
	uint32_t col = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.s[i];
		bool is_rest = (c & 0xc0) == 0x80;

		col += !is_rest;
		if (col > s->cols)
			return;
		if (is_code(text, i))
			s->frame.data[s->frame.len - 1] = ' ';
		else
			buf_char(&s->frame,
				 c < ' ' || c == 127 ? ' ' : (char)c);
	}
}

void screen_line(struct screen *s, bool is_head, struct str text)
{
	if (s->row >= s->rows)
		return;
	if (s->row++)
		buf_str(&s->frame, STR("\r\n"));
	if (is_head)
		buf_str(&s->frame, STR("\033[7m"));
	add_text(s, text);
	buf_str(&s->frame, STR("\033[K"));
	if (is_head)
		buf_str(&s->frame, STR("\033[0m"));
}

void screen_end(struct screen *s)
{
	buf_str(&s->frame, STR("\033[J"));
	put(s->frame.data, s->frame.len);
}
