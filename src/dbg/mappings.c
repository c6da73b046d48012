/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/mappings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define MAPPINGS_BYTES_MAX (64u << 20)
#define MAPPINGS_MAX 65536

struct str mappings_path(struct arena *a, struct str text)
{
	struct str end = STR("\\012");
	char *to = arena_alloc(a, text.len + 1);
	uint32_t n = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		bool is_end = str_starts(str_sub(text, i, text.len), end);

		to[n++] = is_end ? '\n' : text.s[i];
		i += is_end ? end.len - 1 : 0;
	}
	to[n] = '\0';
	return (struct str){ to, n };
}

/* "55d2-55df r-xp 00004000 08:01 1234    /usr/bin/dash"; false = malformed, or
 * not to be executed. */
static bool mappings_parse(const char *line, struct mapping *ret)
{
	unsigned int major, minor;
	char rights[5] = "";
	int end = 0;

	*ret = (struct mapping){};
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %"
		   SCNu64 " %n", &ret->start, &ret->end, rights, &ret->offset,
		   &major, &minor, &ret->ino, &end) < 7 || !end)
		return false;
	ret->dev = major << 20 | minor;
	ret->path = str_from(line + end);
	return rights[2] == 'x' && ret->end > ret->start;
}

struct err *mappings_read(const struct world *w, struct arena *a, pid_t pid,
			  struct mappings *ret)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct mapping m;
	char path[32];
	struct err *e;
	char *line, *next;

	*ret = (struct mappings){};
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	e = world_read(w, path, MAPPINGS_BYTES_MAX, &text);
	if (e)
		return e;
	buf_char(&text, '\0');
	for (line = text.data; *line && ret->n < MAPPINGS_MAX; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (!mappings_parse(line, &m))
			continue;
		m.path = mappings_path(a, m.path);
		vec_push(a, ret, m);
	}
	return NULL;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(mappings_parse)
{
	struct mapping m;

	TEST(mappings_parse("55d2000-55df000 r-xp 00004000 fe:01 12    /a b",
			    &m));
	TEST_EQ(m.start, 0x55d2000);
	TEST_EQ(m.end, 0x55df000);
	TEST_EQ(m.offset, 0x4000);
	TEST_EQ(m.dev, 0xfe00001);
	TEST_EQ(m.ino, 12);
	TEST(str_is(m.path, "/a b"));
	TEST(mappings_parse("7000-8000 --xp 0 00:00 0 ", &m));
	TEST_EQ(m.path.len, 0);
	TEST(!mappings_parse("7000-8000 rw-p 0 00:00 0 ", &m));
	TEST(!mappings_parse("7000-7000 r-xp 0 00:00 0 ", &m));
	TEST(!mappings_parse("7000-8000 r-xp", &m));
	TEST(!mappings_parse("", &m));
}

UNIT_TEST_CASE(mappings_path)
{
	struct arena a;

	arena_init(&a);
	TEST(str_is(mappings_path(&a, STR("/a \\012b\\01")), "/a \nb\\01"));
	TEST_EQ(mappings_path(&a, STR("")).len, 0);
	arena_deinit(&a);
}
#endif
