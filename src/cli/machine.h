/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that a script is compiled for: the running one, or a world.
 */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "base/err.h"
#include "codegen/codegen.h"
#include "lang/parse.h"

struct compile;

/* What %( ... %) conditions ask about. */
struct parse_options machine_parse_options(struct compile *c);

/* Which BPF features there are: --features; else of a world all; else the
 * kernel is asked, if the script has something to run there. */
struct err *machine_cg_options(struct compile *c,
			       struct cg_options *ret) must_check;

#endif
