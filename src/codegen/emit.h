/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From functions with registers to a program of the image: distances for
 * labels, relocations, the line table.
 */
#ifndef CODEGEN_EMIT_H
#define CODEGEN_EMIT_H

#include "codegen/code.h"

/* Appends a program made of these functions, the first of which is entered
 * by the kernel; returns its number.  What is not about its instructions is
 * as in `like`.  has_far: the kernel has jumps of 32 bits (cpu v4). */
uint32_t emit_prog(struct image *img, struct cg_code *const *funcs,
		   uint32_t n, bool has_far, const struct image_prog *like);

#endif
