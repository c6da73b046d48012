/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the resolved program to the intermediate representation.
 */
#ifndef IR_BUILD_H
#define IR_BUILD_H

#include "ir/ir.h"
#include "sema/program.h"

/* Everything that ret needs is copied: the front arena may die after this.
 * Lays out globals and maps in image (ir/layout.c) on the way. */
void ir_build(const struct program *p, struct arena *arena,
	      struct image *image, struct ir_program *ret);

#endif
