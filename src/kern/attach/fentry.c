/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry and return of kernel functions by the kernel's own calls into BPF
 * (trampolines): the cheapest way, and the arguments are there by type.  Which
 * function it is was said when the program was loaded.
 */
#include <errno.h>

#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

/* It is none of those that can be traced, as far as the kernel tells. */
static bool is_untraceable(const struct attach_request *r, struct str name)
{
	struct hookable **known = &r->lists->hookable;
	struct hookable_function f;
	struct err *e = *known ? NULL : hookable_open(r->world, false, known);

	if (err_drop(e))
		return false;
	return !hookable_get(*known, hookable_find(*known, name), &f) ||
	       !str_eq(f.name, name);
}

static struct err *fentry_refused(const struct attach_request *r, int code)
{
	struct str name = image_str(r->image, r->probe->site.name);

	if (code == -EBUSY && is_untraceable(r, name))
		return err_new(ERR_UNSUPPORTED,
			       "'%" STR_FMT "' is a function that the kernel "
			       "lets nothing hook",
			       STR_ARG(name));
	if (code == -EBUSY)
		return err_new(ERR_UNSUPPORTED,
			       "the kernel already patches the code "
			       "of '%" STR_FMT "' in another way",
			       STR_ARG(name));
	if (code == -EINVAL)
		return err_new(ERR_UNSUPPORTED,
			       "the kernel cannot hook '%" STR_FMT "'",
			       STR_ARG(name));
	if (code == -E2BIG)
		return err_new(ERR_LIMIT,
			       "too many programs are attached to "
			       "'%" STR_FMT "'",
			       STR_ARG(name));
	return privilege_hint(
		err_os(-code, "function '%" STR_FMT "'", STR_ARG(name)));
}

struct err *attach_fentry(const struct attach_request *r,
			  struct attachment *ret)
{
	int code;

	if (r->prog < 0)
		return err_new(ERR_UNSUPPORTED,
			       "'%" STR_FMT "' never returns",
			       STR_ARG(image_str(r->image,
						 r->probe->site.name)));
	code = attachment_open(r, ret, NULL, true);
	return code ? fentry_refused(r, code) : NULL;
}
