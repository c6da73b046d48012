/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of functions in C++ and Rust programs, from what the linker sees:
 * "space::Class::method" of "_ZN5space5Class6methodEi".  Parameters and the
 * arguments of templates are left out: this is for finding functions by name.
 */
#ifndef DBG_CXXNAME_H
#define DBG_CXXNAME_H

#include "base/arena.h"
#include "base/str.h"

/* Empty = is no such name, or one that is not understood. */
struct str cxxname(struct arena *a, struct str mangled);

#endif
