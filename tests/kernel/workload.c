/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls whose number and arguments the tests know:
 *
 *	5 reads of 10, 20, 30, 40 and 50 bytes of /proc/self/exe
 *	3 writes of 7 bytes to /dev/null
 *	4 opens of /no/such/file, which fail
 *	2 signals 0 to itself
 *	6 getppid()
 *	7 lseek() of a file in memory to 1001 ... 1007
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	char bytes[64];
	int self = open("/proc/self/exe", O_RDONLY);
	int null = open("/dev/null", O_WRONLY);
	int memory = memfd_create("memory", 0);

	for (int i = 1; i <= 5; i++)
		if (read(self, bytes, (size_t)i * 10) != i * 10)
			return 1;
	for (int i = 0; i < 3; i++)
		if (write(null, "1234567", 7) != 7)
			return 1;
	for (int i = 0; i < 4; i++)
		if (open("/no/such/file", O_RDONLY) >= 0)
			return 1;
	for (int i = 0; i < 2; i++)
		kill(getpid(), 0);
	for (int i = 0; i < 6; i++)
		syscall(SYS_getppid);
	for (int i = 1; i <= 7; i++)
		if (lseek(memory, 1000 + i, SEEK_SET) != 1000 + i)
			return 1;
	return 0;
}
