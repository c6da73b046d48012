/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw tracepoints: the cheapest way onto a tracepoint, and the only one that
 * is also cheap to leave.  The life of processes stands on them too.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

static struct err *tracepoint_refused(struct str name, int code)
{
	if (code == -ENOENT)
		return err_new(ERR_NOT_FOUND,
			       "this kernel has no tracepoint '%" STR_FMT "'",
			       STR_ARG(name));
	if (code == -EINVAL)
		return err_new(ERR_UNSUPPORTED,
			       "tracepoint '%" STR_FMT "' has fewer arguments "
			       "than the script reads",
			       STR_ARG(name));
	return privilege_hint(err_os(-code, "tracepoint '%" STR_FMT "'",
				     STR_ARG(name)));
}

struct err *attach_tracepoint(const struct attach_request *r,
			      struct attachment *ret)
{
	struct str name = image_str(r->image, r->probe->site.name);
	_cleanup_free_ char *text = strndup(name.s, name.len);
	const struct image_prog *p = &r->image->progs.v[r->probe->prog];
	int code;

	if (!text)
		abort();
	/* A program that knows the types was loaded for the tracepoint. */
	code = attachment_open(r, ret, p->attach_to ? NULL : text, false);
	return code ? tracepoint_refused(name, code) : NULL;
}
