/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon, whose parent has ended, and a child of it; the command waits for
 * both, by a pipe that they hold. */
#include <sys/wait.h>
#include <unistd.h>

volatile int sink;

void __attribute__((noinline)) work(int n)
{
	sink = n;
}

static void daemon_and_child(void)
{
	while (getppid() != 1 && sink < 100) {
		usleep(10000);
		sink++;
	}
	for (int i = 0; i < 5; i++)
		work(i);
	if (!fork()) {
		work(100);
		_exit(0);
	}
	wait(NULL);
}

int main(void)
{
	int fds[2];
	char byte;

	if (pipe(fds))
		return 1;
	if (!fork()) {
		if (!fork()) {
			setsid();
			close(fds[0]);
			daemon_and_child();
		}
		_exit(0);
	}
	close(fds[1]);
	wait(NULL);
	return read(fds[0], &byte, 1) != 0;
}
