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

/* Which BPF features the code may rely on: --features; those of every kernel
 * that we serve if the image is saved; else of the kernel at hand.  What goes
 * wrong only matters to scripts that run something in the kernel: it is said
 * by machine_cg_options(). */
void machine_features(struct compile *c);

/* As --features takes them. */
void machine_print_features(image_features features, FILE *out);

struct err *machine_cg_options(struct compile *c,
			       struct cg_options *ret) must_check;

#endif
