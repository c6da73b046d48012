/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says that it is a program in Go. */
__attribute__((section(".gopclntab"), used)) static const char table[] = "x";

int work(int n);

__attribute__((noinline)) int work(int n)
{
	__asm__ volatile("");
	return n + 1;
}

int main(void)
{
	return work(-1);
}
