/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands for a kernel: tests of points that need debug information. */
typedef unsigned long ulong_t;

struct list {
	struct list *next;
};

struct item {
	struct list list;
	int number;
	unsigned int flags : 3, kind : 5;
	char name[16];
};

char _text[8] __attribute__((section(".text.first"), used)) = { 1 };
int total = 5;
static struct item first = { .number = 7, .name = "first" };
volatile int sink;

static inline __attribute__((always_inline)) int twice(int number)
{
	int result = number * 2;

	sink = result;				/* twice: 25 */
	return result;
}

__attribute__((noinline)) int walk(struct item *item, ulong_t count)
{
	int sum = 0;

	while (item && count--) {
		sum += twice(item->number);	/* walk: 34 */
		sink = sum;
		item = (struct item *)item->list.next;
	}
	if (sum > 100)
		goto done;
	sum += total;
done:
	sink = 1;				/* done: 42 */
	return sum;
}

/* What only the start needs. */
__attribute__((section(".init.text"), noinline)) int prepare(int n)
{
	sink = n;
	return walk(&first, 1) + 1;
}

int start(int argc)
{
	return walk(&first, (ulong_t)argc);
}

void _start(void)
{
	sink = prepare(1);
	sink = start(2);
}
