/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attaches handlers of peer.bpf.c while a command runs.
 *
 *	peer OBJECT HANDLER COMMAND...
 *	peer OBJECT HANDLER@FILE:OFFSET,OFFSET... COMMAND...
 *
 * The second form is for those of programs: user_NAME and fuser_NAME by one
 * link for all of these places, plain_NAME by an event for each; NAME_out at
 * the return of the function, session_NAME at both ends.
 *
 * What the printf handler writes goes to standard error, as text; then how
 * many events there were.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SITES_MAX 64
/* What older headers lack. */
#define TRACE_UPROBE_MULTI 48
#define TRACE_UPROBE_SESSION 57

static char *file;
static unsigned long offsets[SITES_MAX], cookies[SITES_MAX];
static unsigned nsites;

struct event {
	unsigned long long head, pid, mode;
	char comm[16];
};

static unsigned long long printed;
static FILE *text;

static int on_event(void *data, void *record, size_t size)
{
	const struct event *e = record;

	fprintf(text, "%llu %llu %s\n", e->pid, e->mode, e->comm);
	printed++;
	return 0;
}

static int starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static int is_out(const char *prog)
{
	size_t n = strlen(prog);

	return n > 4 && !strcmp(prog + n - 4, "_out");
}

/* NAME itself, or NAME_in and NAME_out. */
static int is_wanted(const char *prog, const char *handler)
{
	size_t n = strlen(handler);

	return starts(prog, handler) &&
	       (!prog[n] || !strcmp(prog + n, "_in") ||
		!strcmp(prog + n, "_out"));
}

static int attach_link(struct bpf_program *p)
{
	struct {
		unsigned prog_fd, target_fd, attach_type, flags;
		unsigned long path, offsets, semaphores, cookies;
		unsigned cnt, multi_flags, pid, spare;
	} attr = {
		.prog_fd = (unsigned)bpf_program__fd(p),
		.attach_type = bpf_program__expected_attach_type(p),
		.path = (unsigned long)file,
		.offsets = (unsigned long)offsets,
		.cookies = (unsigned long)cookies,
		.cnt = nsites,
		.multi_flags = is_out(bpf_program__name(p)),
	};

	return syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr)) >= 0;
}

static int attach_plain(struct bpf_program *p)
{
	for (unsigned i = 0; i < nsites; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, opts,
			    .retprobe = is_out(bpf_program__name(p)),
			    .bpf_cookie = i);

		if (!bpf_program__attach_uprobe_opts(p, -1, file, offsets[i],
						     &opts))
			return 0;
	}
	return 1;
}

static int attach_one(struct bpf_program *p)
{
	const char *name = bpf_program__name(p);

	if (starts(name, "user_") || starts(name, "fuser_") ||
	    starts(name, "session_"))
		return attach_link(p);
	if (starts(name, "plain_"))
		return attach_plain(p);
	return bpf_program__attach(p) != NULL;
}

static void choose(struct bpf_program *p, const char *handler)
{
	const char *name = bpf_program__name(p);

	bpf_program__set_autoload(p, is_wanted(name, handler));
	if (starts(name, "user_") || starts(name, "fuser_"))
		bpf_program__set_expected_attach_type(p, TRACE_UPROBE_MULTI);
	if (starts(name, "session_"))
		bpf_program__set_expected_attach_type(p, TRACE_UPROBE_SESSION);
}

static int attach(struct bpf_object *o, const char *handler)
{
	struct bpf_program *p;
	int found = 0;

	bpf_object__for_each_program(p, o)
		choose(p, handler);
	if (bpf_object__load(o))
		return 0;
	bpf_object__for_each_program(p, o) {
		if (!bpf_program__autoload(p))
			continue;
		if (!attach_one(p))
			return 0;
		found++;
	}
	return found;
}

/* Cuts the places off. */
static void take_places(char *handler)
{
	char *at = strchr(handler, '@'), *colon;

	if (!at)
		return;
	*at = 0;
	file = at + 1;
	colon = strrchr(file, ':');
	while (colon && nsites < SITES_MAX) {
		char *end;

		*colon = 0;
		cookies[nsites] = nsites;
		offsets[nsites++] = strtoul(colon + 1, &end, 0);
		colon = *end == ',' ? end : NULL;
	}
}

int main(int argc, char **argv)
{
	struct bpf_object *o;
	struct ring_buffer *r;
	int status, events;
	pid_t pid;

	if (argc < 4)
		return 2;
	take_places(argv[2]);
	o = bpf_object__open_file(argv[1], NULL);
	if (!o || (strcmp(argv[2], "none") && !attach(o, argv[2])))
		return 1;
	text = fopen("/dev/null", "w");
	events = bpf_object__find_map_fd_by_name(o, "events");
	r = strcmp(argv[2], "none") && events >= 0 ?
		    ring_buffer__new(events, on_event, NULL, NULL) : NULL;
	pid = fork();
	if (!pid) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (r) {
			ring_buffer__poll(r, 20);
			ring_buffer__consume(r);
		} else {
			usleep(5000);
		}
	}
	if (r)
		ring_buffer__consume(r);
	if (printed)
		fprintf(stderr, "%llu events\n", printed);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
