/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/flags.h"

#include "base/vec.h"

#define FLAGS_ALL UINT64_MAX

/* Where processors differ. */
#ifdef __aarch64__
#define ARCH_O_DIRECT 0x10000
#define ARCH_O_DIRECTORY 0x4000
#define ARCH_O_NOFOLLOW 0x8000
#define ARCH_O_LARGEFILE 0x20000
#define ARCH_O_TMPFILE 0x404000
#else
#define ARCH_O_DIRECT 0x4000
#define ARCH_O_DIRECTORY 0x10000
#define ARCH_O_NOFOLLOW 0x20000
#define ARCH_O_LARGEFILE 0x8000
#define ARCH_O_TMPFILE 0x410000
#endif

static const struct flag rows[] = {
#define TABLE(id, rest) { 0, 0, STR_INIT(""), rest },
#define FLAG(mask, value, name) { mask, value, STR_INIT(name), 0 },
#include "dbg/flags.def"
#undef TABLE
#undef FLAG
};

static const struct str names[FLAGS_N] = {
#define TABLE(id, rest) [FLAGS_##id] = STR_INIT(#id),
#define FLAG(mask, value, name)
#include "dbg/flags.def"
#undef TABLE
#undef FLAG
};

enum flags_table flags_find(struct str name)
{
	uint32_t t = 0;

	while (t < FLAGS_N && !str_eq(names[t], name))
		t++;
	return (enum flags_table)t;
}

const struct flag *flags_row(uint32_t i)
{
	return i < ARRAY_SIZE(rows) ? &rows[i] : NULL;
}

uint32_t flags_first(enum flags_table t)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].name.len && seen++ == t)
			return i;
	return ARRAY_SIZE(rows);
}

static void put_rest(char rest, uint64_t v, struct buf *ret)
{
	switch (rest) {
	case 'o':
		buf_printf(ret, "%#llo", (unsigned long long)v);
		break;
	case 'd':
		buf_printf(ret, "%lld", (long long)v);
		break;
	default:
		buf_printf(ret, "0x%llx", (unsigned long long)v);
	}
}

void flags_text(enum flags_table t, uint64_t v, struct buf *ret)
{
	uint32_t first = flags_first(t);
	bool any = false;

	for (uint32_t i = first + 1; i < ARRAY_SIZE(rows); i++) {
		const struct flag *f = &rows[i];

		if (!f->name.len)
			break;
		if ((v & f->mask) != f->value)
			continue;
		if (any)
			buf_char(ret, '|');
		buf_str(ret, f->name);
		any = true;
		v &= ~f->mask;
	}
	if (any && !v)
		return;
	if (any)
		buf_char(ret, '|');
	put_rest(first < ARRAY_SIZE(rows) ? rows[first].rest : 'x', v, ret);
}
