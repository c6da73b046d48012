/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks whose arguments are wherever a compiler keeps values. */
#include "mark.h"

struct pair {
	int a;
	short b[4];
	long c;
};

MARK_SEMAPHORE(shop_watched_semaphore);
int counter = 17;
static short small = -3;
static unsigned char bytes[16] = { 1, 200, 3, 4, 5, 6, 7, 8 };
static struct pair pairs[4] = { { 1, { 2, -2, 3 }, -4 }, { 5, { 6 }, 7 } };
static _Thread_local int local = 12;
double real = 2.5;

__attribute__((noinline)) static void marks(int i, long l, char c,
					    unsigned short u, struct pair *p)
{
	static int counter = 99;
	long spilt[3] = { l, l + 1, l + 2 };

	MARK("shop", "args", "-4@%0 -8@%1 -1@%2 2@%3 8@%4", MARK_ANY(i),
	     MARK_ANY(l), MARK_ANY(c), MARK_ANY(u), MARK_ANY(p));
	MARK("shop", "fields", "-4@%0 -2@%1 -8@%2 8@%3", "m"(p->a),
	     "m"(p->b[i & 3]), "m"(p[i].c), MARK_ANY(spilt[1]));
	MARK("shop", "consts", "-4@%0 8@%1 -1@%2 4@%3", MARK_ANY(5),
	     MARK_ANY(0x123456789abcL), MARK_ANY((char)-1),
	     MARK_ANY(0xffffffffu));
	MARK("shop", "statics", "-4@%0 -2@%1 1@%2 -2@%3 -4@%4", "m"(counter),
	     "m"(small), "m"(bytes[1]), "m"(pairs[0].b[1]), "m"(local));
	MARK("shop", "mixed", "1@%0 4@%1 8@%2", MARK_ANY((unsigned char)u),
	     MARK_ANY((unsigned int)l), MARK_ANY(spilt));
	counter++;
	small += (short)counter;
	local += small;
}

#ifdef __x86_64__
__attribute__((noinline)) static void high(long v)
{
	__asm__ volatile("" : "+a"(v));
	MARK("shop", "high", "-1@%%ah 1@%%al", "a"(v));
	MARK("shop", "real", "8f@%0 8@%1", "x"(real), "m"(real));
}
#else
static void high(long v)
{
	(void)v;
}
#endif

int main(int argc, char **argv)
{
	(void)argv;
	for (int i = 0; i < 2; i++) {
		marks(argc + i, -7L - i, (char)-5, 65000, pairs);
		high(0x1234f680 + i);
	}
	MARK("shop", "none", "");
	if (shop_watched_semaphore)
		MARK_WATCHED("shop", "watched", "shop_watched_semaphore",
			     "-4@%0", MARK_ANY(counter));
	return 0;
}
