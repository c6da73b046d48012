/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intrinsics that do something to the machine, or ask it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/world.h"
#include "run/intrinsic.h"

enum { LOG_LINE = 900 };	/* bytes that /dev/kmsg takes at once */

enum step intrinsic_ftrace(struct host *h, const struct value *args)
{
	struct str text = args[0].s;
	int dir = h->world ? world_tracefs(h->world) : -1;
	_cleanup_close_ int fd = -1;

	if (dir >= 0)
		fd = openat(dir, "trace_marker", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text.s, text.len) < 0)
		output_warn(h->out, "ftrace(): cannot write to the ftrace "
			    "buffer");
	return STEP_ON;
}

/* A record of the kernel's log for each line. */
static int log_lines(int64_t level, struct str text)
{
	_cleanup_close_ int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (text.len) {
		int64_t end = str_find_char(text, '\n');
		uint32_t len = end < 0 ? text.len : (uint32_t)end;
		char line[LOG_LINE + 8];
		int n;

		n = snprintf(line, sizeof(line), "<%d>%.*s\n",
			     (int)(level & 7),
			     (int)MIN(len, (uint32_t)LOG_LINE), text.s);
		if (write(fd, line, (size_t)n) < 0)
			return -errno;
		text = str_sub(text, len + (end >= 0), text.len);
	}
	return 0;
}

enum step intrinsic_printk(struct host *h, const struct value *args)
{
	if (log_lines(args[0].l, args[1].s) < 0)
		output_warn(h->out, "printk(): cannot write to the kernel's "
			    "log");
	return STEP_ON;
}

enum step intrinsic_panic(struct host *h, const struct value *args)
{
	_cleanup_close_ int fd = open("/proc/sysrq-trigger",
				      O_WRONLY | O_CLOEXEC);

	log_lines(0, args[0].s);
	output_flush(h->out);
	if (fd < 0 || write(fd, "c", 1) < 0)
		output_warn(h->out, "panic(): the kernel takes no command");
	return STEP_ON;
}

enum step intrinsic_raise(struct host *h, const struct value *args)
{
	int64_t sig = args[0].l;

	host_set_long(h, sig < 0 || sig > SIGRTMAX ? -EINVAL :
			 raise((int)sig) ? -errno : 0);
	return STEP_ON;
}

enum step intrinsic_load(struct host *h, const struct value *args)
{
	struct sysinfo info = {};

	sysinfo(&info);
	host_set_long(h, args[0].l < 0 || args[0].l > 2 ?
			 0 : (int64_t)(info.loads[args[0].l] >>
				       (SI_LOAD_SHIFT - 11)));
	return STEP_ON;
}

enum step intrinsic_module_size(struct host *h, const struct value *args)
{
	const struct image *img = h->img;
	size_t text = 0;

	(void)args;
	for (uint32_t i = 0; i < img->strings.n; i++)
		text += img->strings.v[i].len;
	h->text.len = 0;
	buf_printf(&h->text, "programs: %zu, host code: %zu, texts: %zu",
		   img->insns.n * sizeof(*img->insns.v),
		   img->code.n * sizeof(*img->code.v), text);
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}
