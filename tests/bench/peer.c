/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attaches handlers of peer.bpf.c while a command runs.
 *
 *	peer OBJECT HANDLER COMMAND...
 *
 * What the printf handler writes goes to standard error, as text; then how
 * many events there were and how many were lost.  "none" attaches nothing.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* NAME itself, or NAME_in and NAME_out. */
static int is_wanted(const char *prog, const char *handler)
{
	size_t n = strlen(handler);

	return !strncmp(prog, handler, n) &&
	       (!prog[n] || !strcmp(prog + n, "_in") ||
		!strcmp(prog + n, "_out"));
}

static int attach(struct bpf_object *o, const char *handler)
{
	struct bpf_program *p;
	int found = 0;

	bpf_object__for_each_program(p, o)
		bpf_program__set_autoload(p,
			is_wanted(bpf_program__name(p), handler));
	if (bpf_object__load(o))
		return 0;
	bpf_object__for_each_program(p, o) {
		if (!bpf_program__autoload(p))
			continue;
		if (!bpf_program__attach(p))
			return 0;
		found++;
	}
	return found;
}

int main(int argc, char **argv)
{
	struct bpf_object *o;
	struct ring_buffer *r;
	int status;
	pid_t pid;

	if (argc < 4)
		return 2;
	o = bpf_object__open_file(argv[1], NULL);
	if (!o || (strcmp(argv[2], "none") && !attach(o, argv[2])))
		return 1;
	text = fopen("/dev/null", "w");
	r = strcmp(argv[2], "none") ?
		ring_buffer__new(bpf_object__find_map_fd_by_name(o, "events"),
				 on_event, NULL, NULL) : NULL;
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
