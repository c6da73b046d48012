/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where globals live: the rows of image.globals and image.maps, and the
 * layout of the globals map (see image/image.h).
 */
#ifndef IR_LAYOUT_H
#define IR_LAYOUT_H

#include "ir/ir.h"
#include "sema/program.h"

/* Fills ret->image's globals, their maps, limits and session settings.  The
 * n-th row is p->globals.v[n]. */
void layout(const struct program *p, struct ir_program *ret);

#endif
