/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program in C++ has of its exceptions. */
volatile int sink;

void __attribute__((noinline)) work(int n)
{
	sink = n;
}

__asm__(".section .gcc_except_table,\"a\",@progbits\n"
	".byte 0\n.previous\n");
const char __gxx_personality_v0 = 0;

int main(void)
{
	work(1);
	return __gxx_personality_v0;
}
