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

__attribute__((noinline, noclone)) static int take(const struct text *t,
						   unsigned char c,
						   const char *bad)
{
	__asm__ volatile("" : : "r"(t), "r"(bad) : "memory");
	return t->plain + c;
}

int main(void)
{
	struct text t = {
		.plain = 'p', .is_unsigned = 'u', .is_signed = -1, .yes = 1,
		.bytes = "bytes", .there = (const unsigned char *)"there",
	};

	return take(&t, 'c', (const char *)1) == 0;
}
