/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Perf events: one for each CPU that is on line, with the program on it; or,
 * for a counter, without one.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/world.h"
#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

static struct perf_event_attr perf_attr(const struct image_site *s,
					bool counts)
{
	struct perf_event_attr attr = {
		.type = (uint32_t)s->a,
		.size = sizeof(attr),
		.config = s->b,
	};

	if (counts)
		return attr;
	attr.freq = s->freq;
	if (s->freq)
		attr.sample_freq = s->c;
	else
		attr.sample_period = s->c;
	return attr;
}

static struct err *perf_refused(const struct image_site *s, int code)
{
	bool hardware = s->a != PERF_TYPE_SOFTWARE &&
			s->a != PERF_TYPE_TRACEPOINT;

	if (hardware && (code == -ENOENT || code == -EOPNOTSUPP ||
			 code == -ENODEV))
		return err_hint(err_new(ERR_UNSUPPORTED,
					"the processor does not count this "
					"event here"),
				"virtual machines often have no hardware "
				"counters; perf.sw.* works everywhere");
	if (code == -EINVAL || code == -ENOENT)
		return err_new(ERR_UNSUPPORTED,
			       "this kernel has no perf event of type %llu, "
			       "config %llu, at this rate",
			       (unsigned long long)s->a,
			       (unsigned long long)s->b);
	if (code == -EMFILE)
		return err_hint(err_os(EMFILE, "opening a perf event"),
				"raise the limit of open files: ulimit -n");
	return privilege_hint(err_os(-code, "opening a perf event"));
}

static struct err *perf_start(int fd, int prog)
{
	if (prog >= 0 && ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog))
		return err_os(errno, "giving a perf event its program");
	if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return err_os(errno, "starting a perf event");
	return NULL;
}

/* A CPU that is off line has none: no samples are missed there. */
static struct err *perf_cpu(const struct attach_request *r, int cpu,
			    struct attachment *ret)
{
	const struct image_site *s = &r->probe->site;
	struct perf_event_attr attr = perf_attr(s, r->prog < 0);
	int fd;

	attr.disabled = 1;
	fd = syscall_perf_event_open(&attr, -1, cpu, -1,
				     PERF_FLAG_FD_CLOEXEC);
	if (fd == -ENODEV && s->a == PERF_TYPE_SOFTWARE)
		return NULL;
	if (fd < 0)
		return perf_refused(s, fd);
	attachment_add(ret, fd);
	return perf_start(fd, r->prog);
}

struct err *attach_perf(const struct attach_request *r,
			struct attachment *ret)
{
	uint32_t ncpus = world_cpus(r->world);
	struct err *e = NULL;

	for (uint32_t cpu = 0; cpu < ncpus && !e; cpu++)
		e = perf_cpu(r, (int)cpu, ret);
	if (!e && !ret->n)
		e = err_new(ERR_UNSUPPORTED, "no CPU has such an event");
	return e;
}
