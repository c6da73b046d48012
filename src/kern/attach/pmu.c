/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/attach/pmu.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "dbg/world.h"
#include "kern/syscall.h"

#define PMU_DIR "/sys/bus/event_source/devices/"

/* A number in a file of the unit: "6", "config:0". */
static struct err *pmu_number(const struct world *w, const char *name,
			      const char *file, uint32_t *ret)
{
	_cleanup_(buf_deinit) struct buf b = {};
	struct str text;
	char path[128];
	int64_t colon, n;
	struct err *e;

	snprintf(path, sizeof(path), PMU_DIR "%s/%s", name, file);
	e = world_read(w, path, 64, &b);
	if (e)
		return e;
	text = buf_view(&b);
	colon = str_find_char(text, ':');
	while (text.len && text.s[text.len - 1] == '\n')
		text.len--;
	text = str_sub(text, colon < 0 ? 0 : (uint32_t)colon + 1, text.len);
	if (!str_to_s64(text, &n) || n < 0 || n > UINT32_MAX)
		return err_new(ERR_FORMAT, "%s is no number", path);
	*ret = (uint32_t)n;
	return NULL;
}

struct err *pmu_attr(const struct world *w, const char *name, bool is_return,
		     struct perf_event_attr *ret)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	uint32_t type, bit = 0;
	struct err *e = pmu_number(w, name, "type", &type);

	if (!e && is_return)
		e = pmu_number(w, name, "format/retprobe", &bit);
	if (e)
		return e;
	attr.type = type;
	if (is_return)
		attr.config = UINT64_C(1) << (bit & 63);
	*ret = attr;
	return NULL;
}

/* Older kernels take programs by ioctl, and have no cookies. */
struct err *pmu_start(const struct attach_request *r, int event,
		      uint64_t cookie, struct attachment *ret)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)r->prog;
	attr.link_create.target_fd = (uint32_t)event;
	attr.link_create.attach_type = BPF_PERF_EVENT;
	attr.link_create.perf_event.bpf_cookie = cookie;
	fd = syscall_bpf(BPF_LINK_CREATE, &attr,
			 SYSCALL_ATTR_SIZE(link_create.perf_event.bpf_cookie));
	if (fd >= 0)
		attachment_add(r, ret, fd);
	else if (ioctl(event, PERF_EVENT_IOC_SET_BPF, r->prog))
		return err_os(errno, "giving a probe its program");
	if (ioctl(event, PERF_EVENT_IOC_ENABLE, 0))
		return err_os(errno, "starting a probe");
	return NULL;
}
