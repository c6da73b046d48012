/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/jumps.h"

#include <stdlib.h>

#include "dbg/reader.h"

#define FAR_BYTES 4

static void jumps_note(struct jumps *j, const uint8_t *p, uint64_t behind)
{
	struct reader r = reader_at(p, FAR_BYTES, 0);
	uint64_t to = behind + (uint64_t)(int64_t)(int32_t)reader_u32(&r);

	if (to < j->n)
		j->bits[to / 8] |= (uint8_t)(1u << to % 8);
}

void jumps_read(struct jumps *j, const uint8_t *p, uint64_t n, uint64_t addr)
{
	jumps_deinit(j);
	j->addr = addr;
	j->n = n;
	j->bits = calloc(1, n / 8 + 1);
	if (!j->bits)
		abort();
	for (uint64_t at = 1; at + FAR_BYTES <= n; at++)
		if (p[at - 1] == 0xe9 || (p[at - 1] & 0xf0) == 0x80)
			jumps_note(j, p + at, at + FAR_BYTES);
}

void jumps_deinit(struct jumps *j)
{
	free(j->bits);
	*j = (struct jumps){};
}

bool jumps_know(const struct jumps *j, uint64_t addr)
{
	return addr - j->addr < j->n;
}

bool jumps_go_to(const struct jumps *j, uint64_t addr)
{
	uint64_t at = addr - j->addr;

	return j->bits[at / 8] >> at % 8 & 1;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(jumps_far)
{
	const uint8_t code[] = "\xe9\x01\x00\x00\x00\x90\x90\x0f\x84\xf4\xff"
			       "\xff\xff\xe9\x00\x10\x00\x00\xe9\x00";
	struct jumps j = {};

	jumps_read(&j, code, sizeof(code) - 1, 0x1000);
	TEST(jumps_know(&j, 0x1000) && !jumps_know(&j, 0xfff));
	TEST(!jumps_know(&j, 0x1000 + sizeof(code) - 1));
	TEST(jumps_go_to(&j, 0x1006) && jumps_go_to(&j, 0x1001));
	TEST(!jumps_go_to(&j, 0x1005) && !jumps_go_to(&j, 0x1007));
	jumps_deinit(&j);
}
#endif
