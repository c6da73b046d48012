/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/command.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include "base/cleanup.h"
#include "run/signals.h"

#define COMMAND_FAILED 127	/* as a shell says that it found nothing */

/* What is to be run, found before anybody looks: a probe that counts what the
 * command does shall not count the search for it. */
struct program_call {
	wordexp_t words;
	char *path;		/* of the program; NULL: for a shell */
};

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* As execvp() searches; NULL = not found. */
static char *find_program(const char *name)
{
	const char *dirs = getenv("PATH");
	char *path = NULL;

	if (strchr(name, '/') || !dirs)
		return strdup(name);
	for (size_t n; *dirs; dirs += n + (dirs[n] == ':')) {
		n = strcspn(dirs, ":");
		if (asprintf(&path, "%.*s%s%s", (int)n, dirs, n ? "/" : "",
			     name) < 0)
			return NULL;
		if (is_program(path))
			return path;
		free(path);
	}
	return NULL;
}

/* The words are those that a shell makes of it, quotes, variables and wildcards
 * included; what takes more than that, a shell runs. */
static void prepare(const char *text, struct program_call *ret)
{
	wordexp_t words;

	if (wordexp(text, &words, WRDE_NOCMD | WRDE_UNDEF) || !words.we_wordc)
		return;
	ret->words = words;
	ret->path = find_program(words.we_wordv[0]);
}

static void call_free(struct program_call *p)
{
	if (p->words.we_wordv)
		wordfree(&p->words);
	free(p->path);
}

char *command_word(const char *text)
{
	struct program_call call = {};
	char *word;

	prepare(text, &call);
	word = call.path ? strdup(call.words.we_wordv[0]) : NULL;
	call_free(&call);
	return word;
}

static void become(const char *text, const struct program_call *p)
{
	if (p->path)
		execv(p->path, p->words.we_wordv);
	if (p->path)	/* a script that does not say for what, perhaps */
		execvp(p->words.we_wordv[0], p->words.we_wordv);
	/* What is no program may still be a word of the shell's. */
	execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	perror(text);
	_exit(COMMAND_FAILED);
}

static bool read_byte(int fd)
{
	char byte;
	ssize_t n;

	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

static bool write_byte(int fd)
{
	ssize_t n;

	do {
		n = write(fd, "", 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

/* In the child: says that it is there, then waits for a byte that says go; no
 * byte, no command. */
static void wait_and_become(int go, const char *text, bool stops)
{
	struct program_call call = {};

	prepare(text, &call);
	signals_for_command();
	if (!write_byte(go) || !read_byte(go))
		_exit(EXIT_SUCCESS);
	/* It is traced as far as its execve(). */
	if (stops && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(COMMAND_FAILED);
	become(text, &call);
}

/* Whether a word that is no program is the shell's own: "exit", "ulimit". */
static bool is_shell_word(const char *word)
{
	pid_t pid = strchr(word, '/') ? -1 : fork();
	int status;

	if (!pid) {
		execl("/bin/sh", "sh", "-c", "command -v -- \"$0\" >/dev/null",
		      word, (char *)NULL);
		_exit(COMMAND_FAILED);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* What is not there is told before a probe runs, as far as it can be told
 * without running the text. */
static struct err *check_program(const char *text)
{
	struct program_call call = {};
	struct err *err = NULL;
	const char *word;

	prepare(text, &call);
	word = call.words.we_wordc ? call.words.we_wordv[0] : NULL;
	if (word && !(call.path && is_program(call.path)) &&
	    !is_shell_word(word))
		err = err_new(ERR_OTHER, "-c: cannot run '%s': %s", word,
			      strchr(word, '/') && !access(word, F_OK) ?
				      "no program" : "not found");
	call_free(&call);
	return err;
}

struct err *command_create(const char *text, bool stops, struct command *ret)
{
	struct err *err = check_program(text);
	int fds[2];
	pid_t pid;

	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return err_os(errno, "starting the command");
	pid = fork();
	if (pid < 0) {
		int errnum = errno;

		close(fds[0]);
		close(fds[1]);
		return err_os(errnum, "starting the command");
	}
	if (!pid) {
		close(fds[1]);
		wait_and_become(fds[0], text, stops);
	}
	close(fds[0]);
	/* Probes that come now do not see it being made. */
	(void)read_byte(fds[1]);
	*ret = (struct command){ .pid = pid, .go = fds[1], .stops = stops };
	return NULL;
}

void command_start(struct command *c)
{
	if (!c->pid || c->started)
		return;
	c->started = true;
	(void)write_byte(c->go);
}

/* Until it stops or ends; false: there is no such child. */
static bool wait_for(struct command *c)
{
	pid_t pid;

	do {
		pid = waitpid(c->pid, &c->status, 0);
	} while (pid < 0 && errno == EINTR);
	return pid == c->pid;
}

struct err *command_start_stopped(struct command *c)
{
	command_start(c);
	while (wait_for(c) && WIFSTOPPED(c->status)) {
		if (WSTOPSIG(c->status) == SIGTRAP)
			return NULL;
		ptrace(PTRACE_CONT, c->pid, NULL, WSTOPSIG(c->status));
	}
	c->ended = true;
	return err_new(ERR_OTHER, "-c: it has ended before it began");
}

void command_continue(struct command *c)
{
	if (!c->ended)
		ptrace(PTRACE_DETACH, c->pid, NULL, NULL);
}

void command_adopt(struct command *c)
{
	if (c->pid && !c->ended)
		c->watch = (int)syscall(SYS_pidfd_open, c->pid, 0);
}

/* Where there are no pidfds, signal 0 tells. */
static bool adopted_ended(const struct command *c)
{
	struct pollfd p = { .fd = c->watch, .events = POLLIN };

	if (c->watch < 0)
		return kill(c->pid, 0) && errno == ESRCH;
	return poll(&p, 1, 0) == 1;
}

bool command_reap(struct command *c)
{
	if (c->pid && c->watch && !c->ended)
		c->ended = adopted_ended(c);
	else if (c->pid && !c->ended &&
	    waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
	return c->ended;
}

void command_destroy(struct command *c)
{
	if (!c->pid)
		return;
	close(c->go);
	if (c->watch > 0)
		close(c->watch);
	if (c->started && !command_reap(c))
		kill(c->pid, SIGTERM);
	c->pid = 0;
}
