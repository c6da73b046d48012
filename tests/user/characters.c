/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Characters of all kinds, and texts of them. */
struct text {
	char plain;
	unsigned char is_unsigned, zero;
	signed char is_signed;
	_Bool yes;
	unsigned char bytes[6];
	const unsigned char *there;
	const char *nowhere;
};

__attribute__((noinline)) static int take(const struct text *t,
						   unsigned char c,
						   const char *bad)
{
	__asm__ volatile("" : : "r"(t), "r"(bad) : "memory");
	return t->plain + c;
}

/* So that the text is in memory: old kernels' probes do not wait for it. */
static void touch(const unsigned char *text)
{
	while (*(const volatile unsigned char *)text)
		text++;
}

int main(void)
{
	struct text t = {
		.plain = 'p', .is_unsigned = 'u', .is_signed = -1, .yes = 1,
		.bytes = "bytes", .there = (const unsigned char *)"there",
	};

	touch(t.there);
	return take(&t, 'c', (const char *)1) == 0;
}
