/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Perf events: one for each CPU that is on line, with the program on it.
 * Those of a counter have none: they are in the counter's map, where programs
 * read them, one for each CPU or one for the target task.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/world.h"
#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

static struct perf_event_attr perf_attr(const struct image_site *s)
{
	return (struct perf_event_attr){
		.type = (uint32_t)s->a,
		.size = sizeof(struct perf_event_attr),
		.config = s->b,
		.disabled = 1,
	};
}

static struct perf_event_attr sample_attr(const struct image_site *s)
{
	struct perf_event_attr attr = perf_attr(s);

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
	struct perf_event_attr attr = sample_attr(s);
	int fd;

	fd = syscall_perf_event_open(&attr, -1, cpu, -1,
				     PERF_FLAG_FD_CLOEXEC);
	if (fd == -ENODEV)
		return NULL;
	if (fd < 0)
		return perf_refused(s, fd);
	attachment_add(r, ret, fd);
	return perf_start(fd, r->prog);
}

/* ---- counters ---- */

/* NULL: nobody reads it. */
static const struct image_map *counter_map(const struct attach_request *r,
					   int *ret_fd)
{
	for (uint32_t i = 0; i < r->image->maps.n; i++) {
		const struct image_map *m = &r->image->maps.v[i];

		if (m->kind != IMAP_PERF || m->name != r->probe->site.name)
			continue;
		*ret_fd = r->maps->fds[i];
		return m;
	}
	return NULL;
}

static struct err *counter_open(const struct attach_request *r, int map,
				uint32_t entry, pid_t pid, int cpu,
				struct attachment *ret)
{
	struct perf_event_attr attr = perf_attr(&r->probe->site);
	int fd, code;

	/* What the command does before it is itself is not its own. */
	attr.enable_on_exec = pid > 0 && r->target_waits;
	fd = syscall_perf_event_open(&attr, pid, cpu, -1,
				     PERF_FLAG_FD_CLOEXEC);
	if (fd == -ENODEV && pid < 0)
		return NULL;	/* a CPU that is off line */
	if (fd < 0)
		return perf_refused(&r->probe->site, fd);
	attachment_add(r, ret, fd);
	code = syscall_map_update(map, &entry, &fd, 0);
	if (code)
		return err_os(-code, "showing a counter to programs");
	return attr.enable_on_exec ? NULL : perf_start(fd, -1);
}

static struct err *attach_counter(const struct attach_request *r,
				  struct attachment *ret)
{
	uint32_t ncpus = world_cpus(r->world);
	struct err *e = NULL;
	int map;
	const struct image_map *m = counter_map(r, &map);

	if (!m)
		return NULL;
	if (r->probe->site.filter)
		return counter_open(r, map, 0, r->target, -1, ret);
	for (uint32_t cpu = 0; cpu < ncpus && cpu < m->max_entries && !e;
	     cpu++)
		e = counter_open(r, map, cpu, -1, (int)cpu, ret);
	return e;
}

struct err *attach_perf(const struct attach_request *r,
			struct attachment *ret)
{
	uint32_t ncpus = world_cpus(r->world);
	struct err *e = NULL;

	if (r->probe->site.name)
		return attach_counter(r, ret);
	for (uint32_t cpu = 0; cpu < ncpus && !e; cpu++)
		e = perf_cpu(r, (int)cpu, ret);
	if (!e && !ret->n)
		e = perf_refused(&r->probe->site, -ENODEV);
	return e;
}
