/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a kernel that is installed, running or not, and of its modules,
 * loaded or not: where distributions put them, and the sections of them that
 * a running kernel would show in /sys.
 */
#ifndef DBG_KERNEL_FILE_H
#define DBG_KERNEL_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "dbg/objfile.h"
#include "dbg/world.h"

/* The kernel itself, as a path on this machine: vmlinux, else the packed
 * image that is booted.  ERR_NOT_FOUND says where it was looked for. */
struct err *kernel_file_find(const struct world *w, struct arena *a,
			     struct str *ret) must_check;

/* The modules of the installed kernel whose names, with '_', match the
 * pattern. */
struct err *kernel_file_modules(const struct world *w, struct arena *a,
				struct str pattern,
				struct world_names *ret) must_check;

/* A module's file; name with '_' or '-'. */
struct err *kernel_file_module(const struct world *w, struct arena *a,
			       struct str name, struct str *ret) must_check;

/* The functions of a module by its file's symbols, by name; with the copies
 * that the compiler made of them ("f.isra.0"), not their parts ("f.cold"). */
struct err *kernel_file_functions(const struct world *w, struct arena *a,
				  struct str module,
				  struct world_names *ret) must_check;

/* The tracepoints that are in a module, the same way. */
struct err *kernel_file_tracepoints(const struct world *w, struct arena *a,
				    struct str module,
				    struct world_names *ret) must_check;

/* Opens either, and finds the BTF in it.  ERR_UNSUPPORTED: it has none. */
struct err *kernel_file_btf(struct str path, struct objfile **ret,
			    struct objfile_data *ret_types) must_check;

#endif
