/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/traceable.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/vec.h"

#define TRACEABLE_BYTES (64u << 20)
#define TRACEABLE_ADDR 16 /* hexadecimal digits */

static struct err *traceable_open(struct world *w, int *ret)
{
	static const char *const names[] = {
		"available_filter_functions_addrs",
		"available_filter_functions",
	};
	int tracefs = world_tracefs(w);

	if (tracefs < 0)
		return err_new(ERR_PERMISSION, "tracefs is not readable");
	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		*ret = openat(tracefs, names[i], O_RDONLY | O_CLOEXEC);
		if (*ret >= 0)
			return NULL;
	}
	return err_os(errno, "the list of functions that can be traced");
}

struct err *traceable_read(struct world *w, struct buf *ret)
{
	_cleanup_close_ int fd = -1;
	size_t start = ret->len;
	struct err *e = traceable_open(w, &fd);

	while (!e) {
		ssize_t n = read(fd, buf_reserve(ret, 65536), 65536);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "reading what can be traced");
		if (!n)
			break;
		ret->len += (size_t)n;
		if (ret->len - start > TRACEABLE_BYTES)
			return err_new(ERR_LIMIT, "the list of functions is "
						  "too long");
	}
	return e;
}

/* "ffffffff81000000 name", or the name alone. */
static void traceable_take_addr(struct str *line, struct traceable *ret)
{
	uint64_t v = 0;

	if (line->len <= TRACEABLE_ADDR || line->s[TRACEABLE_ADDR] != ' ')
		return;
	for (uint32_t i = 0; i < TRACEABLE_ADDR; i++) {
		char c = line->s[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
						   -1;

		if (digit < 0)
			return;
		v = v << 4 | (uint64_t)digit;
	}
	ret->addr = v;
	*line = str_sub(*line, TRACEABLE_ADDR + 1, line->len);
}

bool traceable_next(struct str *rest, struct traceable *ret)
{
	int64_t end = str_find_char(*rest, '\n'), open;
	struct str line =
		str_sub(*rest, 0, end < 0 ? rest->len : (uint32_t)end);

	if (!rest->len)
		return false;
	*rest = str_sub(*rest, line.len + 1, rest->len);
	*ret = (struct traceable){};
	traceable_take_addr(&line, ret);
	open = str_find_char(line, ' ');
	ret->name = open < 0 ? line : str_sub(line, 0, (uint32_t)open);
	open = str_find_char(line, '[');
	if (open >= 0 && line.s[line.len - 1] == ']')
		ret->module = str_sub(line, (uint32_t)open + 1,
				      line.len - (uint32_t)open - 2);
	return true;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(traceable_lines)
{
	struct str rest = STR("ffffffff81000000 a\n"
			      "ffffffffc0000000 b [mod]\n"
			      "c [m]\nd\n[\n]");
	struct traceable t;

	TEST(traceable_next(&rest, &t) && str_is(t.name, "a"));
	TEST(t.addr == UINT64_C(0xffffffff81000000) && !t.module.len);
	TEST(traceable_next(&rest, &t) && str_is(t.name, "b"));
	TEST(t.addr == UINT64_C(0xffffffffc0000000));
	TEST(str_is(t.module, "mod"));
	TEST(traceable_next(&rest, &t) && str_is(t.name, "c") && !t.addr);
	TEST(str_is(t.module, "m"));
	TEST(traceable_next(&rest, &t) && str_is(t.name, "d"));
	TEST(!t.module.len);
	TEST(traceable_next(&rest, &t) && !t.module.len);
	TEST(traceable_next(&rest, &t) && !t.module.len);
	TEST(!traceable_next(&rest, &t));
}
#endif
