/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is inlined twice, once with nothing but constants: no code is left of
 * that, and where it was is in main(), which has an `a` of its own. */
struct rec {
	int id;
	struct rec *next;
};

static int table[5] = { 10, 20, 30, 40, 50 };

static inline __attribute__((always_inline)) int inlined(int a, struct rec *r)
{
	int sum = a * 3;

	table[0] += sum;
	return sum + r->id;
}

int __attribute__((noinline)) called(int n, struct rec *r)
{
	return n + r->id;
}

int main(int argc, char **argv)
{
	struct rec other = { .id = 2 }, r = { .id = 1, .next = &other };
	int own = inlined(4, &r) + inlined(5, &other);

	return own + called(own, r.next) + argc < 3 && argv;
}
