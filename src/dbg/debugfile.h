/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the file that holds the debug information of the kernel, a module or
 * a program: by build-id, by .gnu_debuglink, in the directories where
 * distributions put them, from a debuginfod server when DEBUGINFOD_URLS is
 * set.
 */
#ifndef DBG_DEBUGFILE_H
#define DBG_DEBUGFILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "dbg/objfile.h"
#include "dbg/world.h"

/* dirs: as in debuginfo.h.  ERR_NOT_FOUND names the places. */
struct err *debugfile_kernel(const struct world *w, struct str dirs, bool ask,
			     struct objfile **ret) must_check;
struct err *debugfile_module(const struct world *w, struct str dirs, bool ask,
			     struct str name, struct objfile **ret) must_check;

/* ret_main is the program itself, with its code; ret the same object if it
 * has its debug information inside. */
struct err *debugfile_program(const struct world *w, struct str dirs,
			      struct str path, struct objfile **ret_main,
			      struct objfile **ret) must_check;

/* A separate file of the program main (whose path is path) that has the table
 * of symbols; false = there is none on this machine. */
bool debugfile_symbols(const struct world *w, struct str dirs, struct str path,
		       struct objfile *main, struct objfile **ret);

#endif
