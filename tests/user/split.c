/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter() is split by gcc: its beginning is inlined alone, and in filter()
 * itself the rest is inlined again.  main calls it 7 times, other() twice; the
 * rest runs 5 and 2 times.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct request {
	int sent, version;
	char text[200];
};

volatile int sink;

static int filter(struct request *r, int n)
{
	char *end;
	int sum = 0;

	if (r->sent)
		return 0;
	r->sent = 1;
	if (r->version < 1)
		return 0;
	end = r->text + strlen(r->text);
	for (int i = 0; i < n; i++) {
		sum += i * r->version;
		*end++ = (char)(sum | 1);
		sink += sum;
	}
	memset(r->text, 1, 20);
	snprintf(end, 12, "%d", sum); /* line 35 */
	sink += (int)strlen(r->text);
	return sum;
}

int (*volatile top)(struct request *, int) = filter;

int __attribute__((noinline)) other(struct request *r, int n)
{
	return filter(r, 3) + n;
}

/* With an argument it is there for a while first. */
int main(int argc, char **argv)
{
	struct request r;

	(void)argv;
	usleep(argc > 1 ? 2000000 : 0);
	for (int i = 0; i < 7; i++) {
		memset(&r, 0, sizeof(r));
		r.sent = i % 3 == 2;
		r.version = 1;
		top(&r, i);
	}
	for (int i = 0; i < 2; i++) {
		memset(&r, 0, sizeof(r));
		r.version = 1;
		other(&r, i);
	}
	return 0;
}
