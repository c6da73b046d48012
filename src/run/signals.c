/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A handler gets nothing but its number, so what it needs to know is in
 * variables of the file.
 */
#include "run/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* timeout(1) and others that pass a signal on send it twice: to the process and
 * to its group.  Within so long, in ns, it is one and the same; nobody presses
 * a key as fast. */
#define ECHO_NS UINT64_C(200000000)

static volatile sig_atomic_t stops, last_stop, switches;
/* When the last stop came; only the handler, which masks the others, has it. */
static uint64_t stopped_at;
static volatile sig_atomic_t wake_fd = -1;

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD,
			       SIGUSR2, SIGPIPE, SIGXFSZ };

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* What each of them did before. */
static struct sigaction before[NUMBERS];

static void (*volatile at_kill)(void);

static void die(void)
{
	if (at_kill)
		at_kill();
	_exit(EXIT_FAILURE);
}

static void stop(int number)
{
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
	if (stops && now - stopped_at > ECHO_NS)
		die();
	stops = 1;
	stopped_at = now;
	last_stop = number;
}

static void handle(int number)
{
	const uint64_t one = 1;
	int errnum = errno;
	ssize_t ignored;

	if (number == SIGUSR2)
		switches = 1;
	else if (number != SIGCHLD)
		stop(number);
	ignored = write(wake_fd, &one, sizeof(one));
	(void)ignored;
	errno = errnum;
}

/* Of those whose reason write() gives, too: as an error, which is said. */
static bool is_of_writing(int number)
{
	return number == SIGPIPE || number == SIGXFSZ;
}

void signals_for_command(void)
{
	for (uint32_t i = 0; i < NUMBERS; i++)
		if (is_of_writing(numbers[i]))
			signal(numbers[i], SIG_DFL);
}

/* old: what the signal did. */
static void take_over(int number, struct sigaction *old)
{
	struct sigaction act = {
		.sa_handler = is_of_writing(number) ? SIG_IGN : handle,
	};

	for (size_t i = 0; i < NUMBERS; i++)
		sigaddset(&act.sa_mask, numbers[i]);
	sigaction(number, &act, old);
	/* nohup(1) wants the end of the terminal passed over. */
	if (number == SIGHUP && old->sa_handler == SIG_IGN)
		sigaction(SIGHUP, old, NULL);
}

struct err *signals_open(int *ret)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return err_os(errno, "watching for signals");
	stops = last_stop = switches = 0;
	wake_fd = fd;
	for (size_t i = 0; i < NUMBERS; i++)
		take_over(numbers[i], &before[i]);
	*ret = fd;
	return NULL;
}

void signals_close(int fd)
{
	if (fd < 0)
		return;
	for (size_t i = 0; i < NUMBERS; i++)
		sigaction(numbers[i], &before[i], NULL);
	wake_fd = -1;
	close(fd);
}

int signals_taken(int fd)
{
	uint64_t n;
	ssize_t ignored = read(fd, &n, sizeof(n));

	(void)ignored;
	return stops > 0 ? last_stop : 0;
}

bool signals_at_kill(void (*what)(void))
{
	bool had = at_kill;

	at_kill = what;
	return had;
}

void signals_forget(void)
{
	stops = last_stop = 0;
}

bool signals_stopped(void)
{
	return stops > 0;
}

bool signals_switch(void)
{
	bool is_asked = switches;

	switches = 0;
	return is_asked;
}

#ifdef UNIT_TEST
#include "unit.h"

static void (*handler_of(int number))(int)
{
	struct sigaction act;

	sigaction(number, NULL, &act);
	return act.sa_handler;
}

/* A script may be run twice (cli/main), the second time as the first. */
UNIT_TEST_CASE(signals_are_given_back)
{
	void (*hangup)(int) = signal(SIGHUP, SIG_IGN);
	void (*interrupt)(int) = handler_of(SIGINT);
	void (*pipe)(int) = handler_of(SIGPIPE);

	for (int i = 0; i < 2; i++) {
		int fd = -1;

		TEST(!signals_open(&fd));
		TEST(handler_of(SIGHUP) == SIG_IGN);
		TEST(handler_of(SIGINT) == handle);
		TEST(!signals_taken(fd));
		raise(SIGUSR2);
		TEST(signals_switch() && !signals_switch());
		raise(SIGTERM);
		TEST(signals_stopped());
		TEST_EQ(signals_taken(fd), SIGTERM);
		signals_close(fd);
		TEST(handler_of(SIGHUP) == SIG_IGN);
		TEST(handler_of(SIGINT) == interrupt);
		TEST(handler_of(SIGPIPE) == pipe);
	}
	signal(SIGHUP, hangup);
}
#endif
