/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/attach/attach.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"

void attachment_add(struct attachment *at, int fd)
{
	if (at->n == at->cap) {
		at->cap = at->cap ? 2 * at->cap : 4;
		at->fds = reallocarray(at->fds, at->cap, sizeof(*at->fds));
		if (!at->fds)
			abort();
	}
	at->fds[at->n++] = fd;
}

void detach(struct attachment *at)
{
	for (uint32_t i = 0; i < at->n; i++)
		close(at->fds[i]);
	free(at->fds);
	*at = (struct attachment){};
}

bool is_attached(const struct attachment *at)
{
	return at->n > 0;
}

static struct err *attach_kind(const struct attach_request *r,
			       struct attachment *at)
{
	switch ((enum image_probe_kind)r->probe->kind) {
	case PROBE_RAW_TP:
	case PROBE_PROCESS:
	case PROBE_SYSCALL:
		return attach_tracepoint(r, at);
	case PROBE_PERF:
		return attach_perf(r, at);
	case PROBE_FENTRY:
	case PROBE_FEXIT:
		return attach_fentry(r, at);
	case PROBE_KPROBE:
	case PROBE_KRETPROBE:
		return attach_kprobe(r, at);
	case PROBE_NETFILTER:
		return attach_netfilter(r, at);
	case PROBE_WATCH:
		return attach_watch(r, at);
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_ERROR:
	case PROBE_NEVER:
	case PROBE_TIMER:
	case PROBE_PROCFS:
	case PROBE_N:
		break;
	}
	return err_new(ERR_FORMAT, "a probe of the host cannot be attached");
}

struct err *attach_probe(const struct attach_request *r,
			 struct attachment *ret)
{
	struct str point = image_str(r->image, r->probe->point);
	struct attachment at = {};
	struct err *e = attach_kind(r, &at);

	if (e) {
		detach(&at);
		return err_context(e, "attaching %" STR_FMT, STR_ARG(point));
	}
	*ret = at;
	return NULL;
}
