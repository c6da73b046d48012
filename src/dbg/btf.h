/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own description of its types (BTF), read in place and lazily:
 * nothing is parsed before it is asked for, since a start must not pay for
 * 126000 types to find one.  No index or offset leads outside the file.
 */
#ifndef DBG_BTF_H
#define DBG_BTF_H

#include "base/err.h"
#include "dbg/ctypes.h"
#include "dbg/world.h"

/* The kernel's BTF; ERR_UNSUPPORTED when it was built without. */
struct err *dbg_btf_open(const struct world *w, struct ctypes **ret) must_check;

/* A module's, on top of base, which must outlive it.  Its ids begin where
 * base's end; ids of base are valid in it.  Of a module that is not loaded,
 * what its file says. */
struct err *dbg_btf_open_module(const struct world *w, struct ctypes *base,
				const char *module,
				struct ctypes **ret) must_check;

/* Types from bytes in memory, which must outlive them; base may be NULL. */
struct err *dbg_btf_from(const void *data, size_t size, struct ctypes *base,
			 struct ctypes **ret) must_check;

#endif
