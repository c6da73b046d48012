/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/intrinsic.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dbg/flags.h"

enum step intrinsic_substr(struct host *h, const struct value *args)
{
	struct str s = args[0].s;
	int64_t start = args[1].l, len = args[2].l;

	if (start < 0 || start >= s.len || len <= 0)
		s = STR("");
	else
		s = str_sub(s, (uint32_t)start,
			    (uint32_t)MIN(len, (int64_t)s.len));
	host_set_str(h, s);
	return STEP_ON;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 36;
}

/* The value of the digits of s from i on, in a base that 0 leaves to them. */
static uint64_t digits(struct str s, uint32_t i, int64_t base)
{
	uint64_t v = 0;
	bool hex = i + 1 < s.len && s.s[i] == '0' &&
		   (s.s[i + 1] | 32) == 'x' && i + 2 < s.len &&
		   isxdigit((unsigned char)s.s[i + 2]);

	if (!base)
		base = hex ? 16 : i < s.len && s.s[i] == '0' ? 8 : 10;
	if (base < 2 || base > 36)
		return 0;
	if (base == 16 && hex)
		i += 2;
	for (; i < s.len && digit(s.s[i]) < base; i++)
		v = v * (uint64_t)base + (uint64_t)digit(s.s[i]);
	return v;
}

/* As the kernel's simple_strtol(): stops at what is no digit; no spaces. */
enum step intrinsic_strtol(struct host *h, const struct value *args)
{
	struct str s = args[0].s;
	bool negative = s.len && s.s[0] == '-';
	uint64_t v = digits(s, negative, args[1].l);

	host_set_long(h, (int64_t)(negative ? -v : v));
	return STEP_ON;
}

/* ---- quoting ---- */

/* One character of UTF-8 at s[i]: its code, and its length; a byte that is
 * not well formed is itself. */
static uint32_t decode(struct str s, uint32_t i, uint32_t *len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s.s[i];
	uint32_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 :
		     c < 0xf8 ? 4 : 1;
	uint32_t v = n == 1 ? c : c & (0x7fU >> n);

	*len = 1;
	if (n == 1 || i + n > s.len)
		return c;
	for (uint32_t k = 1; k < n; k++) {
		unsigned char d = (unsigned char)s.s[i + k];

		if ((d & 0xc0) != 0x80)
			return c;
		v = v << 6 | (d & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff)
		return c;
	*len = n;
	return v;
}

/* How a character is written; returns its length. */
static int write_char(uint32_t c, uint32_t len, char *ret, size_t size)
{
	static const char from[] = "\a\b\f\n\r\t\v\"\\";
	static const char to[] = "abfnrtv\"\\";
	const char *at;

	if (len > 1)
		return snprintf(ret, size, c > 0xffff ? "\\U%08x" : "\\u%04x",
				c);
	at = c ? strchr(from, (int)c) : NULL;
	if (at)
		return snprintf(ret, size, "\\%c", to[at - from]);
	if (c >= ' ' && c < 127)
		return snprintf(ret, size, "%c", (int)c);
	return snprintf(ret, size, "\\%03o", c);
}

/* At most max - 1 bytes (0 or too much: MAXSTRINGLEN - 1), whole escapes
 * only; where quotes were asked for and not all fits, ... behind them. */
enum step intrinsic_quoted(struct host *h, const struct value *args)
{
	int64_t max = args[1].l;
	bool quotes = args[2].l;
	struct str s = args[0].s;
	size_t room = max <= 0 || max > h->strcap ? h->strcap - 1U :
						    (size_t)max - 1, fits;
	struct buf *out = &h->text;
	uint32_t i = 0, len;
	char text[16];

	if (quotes)
		room = room > 5 ? room - 2 : 3;
	out->len = 0;
	if (quotes)
		buf_char(out, '"');
	fits = out->len;
	room += fits;
	for (; i < s.len; i += len) {
		uint32_t c = decode(s, i, &len);
		int n = write_char(c, len, text, sizeof(text));

		if (out->len + (size_t)n > room)
			break;
		buf_add(out, text, (size_t)n);
		/* Where the text has to end for the dots to fit. */
		if (out->len + 3 <= room)
			fits = out->len;
	}
	if (quotes && i < s.len) {
		out->len = fits;
		buf_str(out, STR("\"..."));
	} else if (quotes) {
		buf_char(out, '"');
	}
	host_set_str(h, buf_view(out));
	return STEP_ON;
}

/* ---- tokens, groups ---- */

static bool is_delimiter(struct str delims, char c)
{
	return str_find_char(delims, c) >= 0;
}

enum step intrinsic_token(struct host *h, const struct value *args)
{
	struct str input = args[0].s, delims = args[1].s, s;
	struct token_state *t = &h->token;
	uint32_t start;

	if (input.len) {
		t->text.len = 0;
		buf_str(&t->text, input);
		t->at = 0;
	}
	s = buf_view(&t->text);
	while (t->at < s.len && is_delimiter(delims, s.s[t->at]))
		t->at++;
	start = t->at;
	while (t->at < s.len && !is_delimiter(delims, s.s[t->at]))
		t->at++;
	host_set_str(h, str_sub(s, start, t->at - start));
	return STEP_ON;
}

enum step intrinsic_matched(struct host *h, const struct value *args)
{
	const struct dfa_groups *g = &h->match.groups;
	int64_t group = args[0].l;
	uint32_t from, to;

	if (group < 0 || group >= g->n)
		return host_raise(h, IERR_REGEX_GROUP);
	from = g->pos[2 * group];
	to = g->pos[2 * group + 1];
	if (from == DFA_UNSET_POS || to == DFA_UNSET_POS || from > to)
		host_set_str(h, STR(""));
	else
		host_set_str(h, str_sub(buf_view(&h->match.text), from,
					to - from));
	return STEP_ON;
}

/* ---- names ---- */

enum step intrinsic_ctime(struct host *h, const struct value *args)
{
	int64_t seconds = args[0].l;
	time_t t = (time_t)seconds;
	struct tm tm = {};
	char text[32];

	if (seconds > INT32_MAX)
		return host_raise(h, IERR_TIME_FUTURE);
	if (seconds < INT32_MIN)
		return host_raise(h, IERR_TIME_PAST);
	gmtime_r(&t, &tm);
	asctime_r(&tm, text);
	host_set_str(h, str_sub(str_from(text), 0, 24));
	return STEP_ON;
}

/* Numbers that the kernel does not let out to programs. */
static const char *const inner_errno[] = {
	"ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ENOIOCTLCMD",
	"ERESTART_RESTARTBLOCK", "EPROBE_DEFER", "EOPENSTALE", "ENOPARAM",
	NULL, "EBADHANDLE", "ENOTSYNC", "EBADCOOKIE", "ENOTSUPP",
	"ETOOSMALL", "ESERVERFAULT", "EBADTYPE", "EJUKEBOX", "EIOCBQUEUED",
};

enum step intrinsic_errno_name(struct host *h, const struct value *args)
{
	const char *name = NULL;
	int64_t n = args[0].l;

	if (n < 0 && n > INT64_MIN)
		n = -n;
	if (n > 0 && n < 512)
		name = strerrorname_np((int)n);
	else if (n >= 512 && n < 512 + (int64_t)ARRAY_SIZE(inner_errno))
		name = inner_errno[n - 512];
	host_set_str(h, str_from(name));
	return STEP_ON;
}

enum step intrinsic_signal_name(struct host *h, const struct value *args)
{
	int64_t n = args[0].l;
	const char *name = n > 0 && n < NSIG ? sigabbrev_np((int)n) : NULL;
	char text[32] = "";

	if (name)
		snprintf(text, sizeof(text), "SIG%s", name);
	else if (n >= 32 && n <= 64)
		snprintf(text, sizeof(text), "SIGRTMIN+%d", (int)n - 32);
	host_set_str(h, str_from(text));
	return STEP_ON;
}

/* What an argument of a system call says. */
enum step intrinsic_flags_text(struct host *h, const struct value *args)
{
	_cleanup_(buf_deinit) struct buf b = {};
	uint64_t table = (uint64_t)args[0].l;

	if (table < FLAGS_N)
		flags_text((enum flags_table)table, (uint64_t)args[1].l, &b);
	host_set_str(h, buf_view(&b));
	return STEP_ON;
}

static const struct flag *flag_of(const struct value *args)
{
	uint64_t row = (uint64_t)args[0].l;

	return row <= UINT32_MAX ? flags_row((uint32_t)row) : NULL;
}

/* Empty where a table begins. */
enum step intrinsic_flag_name(struct host *h, const struct value *args)
{
	const struct flag *f = flag_of(args);

	host_set_str(h, f ? f->name : STR("."));
	return STEP_ON;
}

/* Where a table begins: how the rest is shown. */
enum step intrinsic_flag_mask(struct host *h, const struct value *args)
{
	const struct flag *f = flag_of(args);

	host_set_long(h, !f ? 0 : f->rest ? f->rest : (int64_t)f->mask);
	return STEP_ON;
}

enum step intrinsic_flag_value(struct host *h, const struct value *args)
{
	const struct flag *f = flag_of(args);

	host_set_long(h, f ? (int64_t)f->value : 0);
	return STEP_ON;
}

enum step intrinsic_strlen(struct host *h, const struct value *args)
{
	host_set_long(h, args[0].s.len);
	return STEP_ON;
}

enum step intrinsic_byte(struct host *h, const struct value *args)
{
	struct str s = args[0].s;
	int64_t i = args[1].l;

	host_set_long(h, i >= 0 && i < s.len ? (unsigned char)s.s[i] : 0);
	return STEP_ON;
}

enum step intrinsic_char(struct host *h, const struct value *args)
{
	char c = (char)args[0].l;

	host_set_str(h, (struct str){ &c, c ? 1 : 0 });
	return STEP_ON;
}

enum step intrinsic_strpos(struct host *h, const struct value *args)
{
	host_set_long(h, str_find(args[0].s, args[1].s));
	return STEP_ON;
}

enum step intrinsic_ngroups(struct host *h, const struct value *args)
{
	(void)args;
	host_set_long(h, h->match.groups.n);
	return STEP_ON;
}
