/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/lineedit.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/vec.h"

#define HISTORY_LINES 1000
#define INTERRUPT 3		/* ^C, as a key */

/* What both libraries have under the same names. */
struct library {
	void *handle;
	char *(*readline)(const char *prompt);
	void (*add_history)(const char *line);
	int (*read_history)(const char *path);
	int (*write_history)(const char *path);
	void (*stifle_history)(int lines);
	char **(*matches)(const char *text, char *(*next)(const char *, int));
	char **line_buffer;
	int *append_character;
	const char **word_breaks;
	char **(**attempt)(const char *text, int start, int end);
	int (*initialize)(void);
	int (*add_key)(const char *name, int (*fn)(int, int), int key);
	int *done;		/* set by a key: readline() comes back */
};

struct lineedit {
	struct library library;
	const char *history;
	lineedit_complete_fn *complete;
	void *data;
	int start;		/* of the word that is being completed */
	bool was_interrupted;
};

/* The libraries call back without saying for whom: there is one. */
static struct lineedit *current;

static void *symbol(struct library *l, const char *name)
{
	return dlsym(l->handle, name);
}

/* dlsym() gives functions as data. */
#define FUNCTION(l, field, name) \
	(*(void **)(&(l)->field) = symbol(l, name), (l)->field != NULL)

static bool load(struct library *l, const char *name)
{
	l->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!l->handle)
		return false;
	l->line_buffer = symbol(l, "rl_line_buffer");
	l->append_character = symbol(l, "rl_completion_append_character");
	l->word_breaks = symbol(l, "rl_completer_word_break_characters");
	l->attempt = symbol(l, "rl_attempted_completion_function");
	l->done = symbol(l, "rl_done");
	if (FUNCTION(l, readline, "readline") &&
	    FUNCTION(l, add_history, "add_history") &&
	    FUNCTION(l, read_history, "read_history") &&
	    FUNCTION(l, write_history, "write_history") &&
	    FUNCTION(l, stifle_history, "stifle_history") &&
	    FUNCTION(l, matches, "rl_completion_matches") &&
	    FUNCTION(l, initialize, "rl_initialize") &&
	    FUNCTION(l, add_key, "rl_add_defun") && l->done &&
	    l->line_buffer && l->append_character && l->word_breaks &&
	    l->attempt)
		return true;
	dlclose(l->handle);
	*l = (struct library){};
	return false;
}

static void load_any(struct library *l)
{
	static const char *const names[] = { "libedit.so.2", "libreadline.so.8",
					     "libreadline.so.7" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (load(l, names[i]))
			return;
}

/* ---- completion ---- */

static char *next_match(const char *text, int state)
{
	static uint32_t i;

	i = state ? i + 1 : 0;
	return current->complete(current->data, *current->library.line_buffer,
				 current->start, text, i);
}

static char **attempt(const char *text, int start, int end)
{
	(void)end;
	current->start = start;
	*current->library.append_character = '\0';
	return current->library.matches(text, next_match);
}

/* ---- interrupts ---- */

static int interrupt(int count, int key)
{
	(void)count, (void)key;
	current->was_interrupted = true;
	*current->library.done = 1;
	return 0;
}

/* While a line is read, ^C is a key like others. */
static bool key_for_interrupt(struct termios *before)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, before))
		return false;
	t = *before;
	t.c_cc[VINTR] = _POSIX_VDISABLE;
	return !tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

/* ---- */

struct lineedit *lineedit_create(const char *history,
				 lineedit_complete_fn *complete, void *data)
{
	struct lineedit *le = calloc(1, sizeof(*le));
	int *catches;

	if (!le)
		abort();
	*le = (struct lineedit){ .history = history, .complete = complete,
				 .data = data };
	current = le;
	if (!isatty(STDIN_FILENO))
		return le;
	load_any(&le->library);
	if (!le->library.handle)
		return le;
	/* libedit would pass an interrupt on to the whole process group */
	catches = dlsym(le->library.handle, "rl_catch_signals");
	if (catches)
		*catches = 0;
	(void)le->library.initialize();
	(void)le->library.add_key("interrupt", interrupt, INTERRUPT);
	*le->library.word_breaks = " \t\n";
	*le->library.attempt = attempt;
	le->library.stifle_history(HISTORY_LINES);
	if (history)
		(void)le->library.read_history(history);
	return le;
}

void lineedit_destroy(struct lineedit *le)
{
	if (!le)
		return;
	if (le->library.handle && le->history)
		(void)le->library.write_history(le->history);
	/* The library stays: it may have handlers of its own at exit. */
	current = NULL;
	free(le);
}

static char *read_plain(const char *prompt)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (isatty(STDIN_FILENO)) {
		fputs(prompt, stdout);
		fflush(stdout);
	}
	n = getline(&line, &cap, stdin);
	if (n < 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static char *empty_line(void)
{
	char *line = calloc(1, 1);

	if (!line)
		abort();
	puts("^C");
	return line;
}

char *lineedit_read(struct lineedit *le, const char *prompt)
{
	struct termios before;
	bool is_key;
	char *line;

	le->was_interrupted = false;
	if (!le->library.handle)
		return read_plain(prompt);
	is_key = key_for_interrupt(&before);
	line = le->library.readline(prompt);
	if (is_key)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	if (le->was_interrupted) {
		free(line);
		return empty_line();
	}
	if (line && *line)
		le->library.add_history(line);
	return line;
}

bool lineedit_was_interrupted(const struct lineedit *le)
{
	return le->was_interrupted;
}
