/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchpoints on data of the kernel or of a process: the processor's own, one
 * of the same slots on every CPU that is on line.
 */
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "dbg/kallsyms.h"
#include "dbg/mappings.h"
#include "dbg/objfile.h"
#include "dbg/process.h"
#include "dbg/world.h"
#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

static struct err *watch_no_symbol(struct err *e, struct str name)
{
	if (e->code != ERR_NOT_FOUND)
		return e;
	err_free(e);
	return err_hint(err_new(ERR_NOT_FOUND,
				"the kernel's symbols have no "
				"'%" STR_FMT "'",
				STR_ARG(name)),
			"data is among them only where the kernel is built "
			"with CONFIG_KALLSYMS_ALL; an address is taken "
			"instead of a name");
}

/* Is it code?  By where it lies: nm's letter of some data is that of code. */
static bool is_code(struct kallsyms *symbols, uint64_t addr)
{
	struct kallsym from, to;
	struct err *e = kallsyms_find(symbols, STR("_stext"), &from);

	if (!e)
		e = kallsyms_find(symbols, STR("_etext"), &to);
	if (err_drop(e))
		return false;
	return addr >= from.addr && addr < to.addr;
}

/* How far the process has moved its program from where the file says that it
 * belongs; which part of it is mapped where, tells.  By name: on an overlay old
 * kernels show the numbers of the file below in the mappings. */
static struct err *find_bias(const struct attach_request *r, struct arena *a,
			     struct str program, uint64_t *ret)
{
	struct str path = arena_printf(a, "/proc/%d/exe", r->target);
	struct mappings all = {};
	struct objfile *obj;
	struct err *e = objfile_open(path.s, &obj);
	uint64_t addr;

	if (e)
		return e;
	e = mappings_read(r->world, a, r->target, &all);
	for (uint32_t i = 0; i < all.n && !e; i++) {
		const struct mapping *m = &all.v[i];

		if (!str_eq(m->path, program) ||
		    !objfile_address(obj, m->offset, &addr))
			continue;
		*ret = m->start - addr;
		objfile_close(obj);
		return NULL;
	}
	objfile_close(obj);
	return e ? e : err_new(ERR_NOT_FOUND, "process %d has not loaded it",
			       r->target);
}

/* In the process of -c, which runs now. */
static struct err *watch_in_process(const struct attach_request *r,
				    uint64_t *ret)
{
	const struct image_site *s = &r->probe->site;
	struct process found;
	struct err *e = NULL;
	struct arena a;

	arena_init(&a);
	if (!r->target)
		e = err_new(ERR_NOT_FOUND, "there is no command: the program "
			    "has an address only while it runs");
	if (!e)
		e = process_get(r->world, &a, r->target, &found);
	if (!e && (!found.has_exe || found.exe.ino != s->ino ||
		   found.exe.dev != s->dev))
		e = err_hint(err_new(ERR_NOT_FOUND,
				     "the command runs %" STR_FMT,
				     STR_ARG(found.has_exe ? found.exe.path :
							     found.comm)),
			     "a program that a shell or another program starts "
			     "has no address yet: start it by -c itself");
	if (!e)
		e = find_bias(r, &a, found.exe.path, ret);
	arena_deinit(&a);
	return e;
}

static struct err *watch_address(const struct attach_request *r, uint64_t *ret)
{
	struct str name = image_str(r->image, r->probe->site.name);
	struct kallsyms *symbols;
	struct kallsym sym;
	struct err *e;

	*ret = 0;
	e = r->probe->site.ino ? watch_in_process(r, ret) : NULL;
	*ret += r->probe->site.a;
	if (e || !name.len)
		return e;
	symbols = kallsyms_create(r->world);
	e = kallsyms_find(symbols, name, &sym);
	if (e)
		e = watch_no_symbol(e, name);
	else if (is_code(symbols, sym.addr))
		e = err_hint(err_new(ERR_UNSUPPORTED,
				     "'%" STR_FMT "' is a function, not data",
				     STR_ARG(name)),
			     "kernel.function() probes functions");
	else
		*ret = sym.addr;
	kallsyms_destroy(symbols);
	return e;
}

static struct err *watch_refused(const struct image_site *s, uint64_t addr,
				 int code)
{
	switch (code) {
	case -ENOSPC:
		return err_hint(err_new(ERR_LIMIT,
					"all watchpoints of the processor "
					"are in use"),
				"there are few (4 on x86), for all programs "
				"together");
	case -EINVAL:
		return err_new(ERR_UNSUPPORTED,
			       "the processor cannot watch %llu bytes at "
			       "%#llx",
			       (unsigned long long)s->c,
			       (unsigned long long)addr);
	case -EOPNOTSUPP:
	case -ENOENT:
		return err_new(ERR_UNSUPPORTED,
			       "this kernel has no watchpoints "
			       "(CONFIG_HAVE_HW_BREAKPOINT)");
	}
	return privilege_hint(err_os(-code, "opening a watchpoint"));
}

static struct err *watch_cpu(const struct attach_request *r,
			     struct perf_event_attr *attr, int cpu,
			     struct attachment *ret)
{
	int fd = syscall_perf_event_open(attr, -1, cpu, -1,
					 PERF_FLAG_FD_CLOEXEC);

	if (fd == -ENODEV)
		return NULL; /* a CPU that is off line */
	if (fd < 0)
		return watch_refused(&r->probe->site, attr->bp_addr, fd);
	attachment_add(r, ret, fd);
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, r->prog))
		return err_os(errno, "giving a watchpoint its program");
	if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return err_os(errno, "starting a watchpoint");
	return NULL;
}

/* Are watchpoints hit at all?  Some virtual machines take them, and never tell
 * of one.  When none is free, this is not known. */
static bool watch_works(void)
{
	static volatile uint64_t tried;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.exclude_kernel = 1,
		.bp_type = HW_BREAKPOINT_W,
		.bp_addr = (uintptr_t)&tried,
		.bp_len = sizeof(tried),
	};
	int fd = syscall_perf_event_open(&attr, 0, -1, -1,
					 PERF_FLAG_FD_CLOEXEC);
	uint64_t hits = 0;
	ssize_t n;

	if (fd < 0)
		return true;
	tried++;
	n = read(fd, &hits, sizeof(hits));
	close(fd);
	return n != sizeof(hits) || hits;
}

struct err *attach_watch(const struct attach_request *r, struct attachment *ret)
{
	const struct image_site *s = &r->probe->site;
	uint32_t ncpus = world_cpus(r->world);
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.disabled = 1,
		.bp_type = (uint32_t)s->b,
		.bp_len = s->c,
	};
	uint64_t addr;
	struct err *e = watch_address(r, &addr);

	attr.bp_addr = addr;
	if (!e && !watch_works())
		e = err_hint(err_new(ERR_UNSUPPORTED,
				     "this machine's watchpoints are never "
				     "hit: a test write was not seen"),
			     "virtual machines may be without: the host "
			     "has to pass the debug registers on");
	for (uint32_t cpu = 0; cpu < ncpus && !e; cpu++)
		e = watch_cpu(r, &attr, (int)cpu, ret);
	return e;
}
