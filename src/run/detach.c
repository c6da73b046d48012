/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What came of the child, whose end of the pipe was closed with no word. */
static int status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/* Passes on what the child has to say.  An interrupt is for both of them. */
static int wait_for(pid_t child, int from)
{
	char text[512];
	ssize_t n;

	do {
		n = read(from, text, sizeof(text));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return status_of(child);
	fwrite(text, 1, (size_t)n, stdout);
	return EXIT_SUCCESS;
}

bool detach_begin(struct detach *d, int *status)
{
	int fds[2];
	pid_t child;

	fflush(NULL);
	child = pipe2(fds, O_CLOEXEC) ? -1 : fork();
	if (child < 0) {
		perror("spile: starting a process");
		*status = EXIT_FAILURE;
		return false;
	}
	if (child) {
		close(fds[1]);
		*status = wait_for(child, fds[0]);
		return false;
	}
	close(fds[0]);
	(void)setsid();
	d->parent = fds[1];
	return true;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

bool detach_done(struct detach *d, struct str words)
{
	bool is_there;

	if (d->parent < 0)
		return true;
	is_there = write(d->parent, words.s, words.len) == (ssize_t)words.len;
	close(d->parent);
	d->parent = -1;
	leave_terminal();
	return is_there;
}
