/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The passes over the intermediate representation.  ir_optimize() runs all of
 * them in their order, with ir_verify() between.
 */
#ifndef IR_OPT_H
#define IR_OPT_H

#include "ir/ir.h"

void ir_optimize(struct ir_program *p);

/* One pass by its name ("inline", "fold", "copy", ...), for irtool; false =
 * there is none of this name. */
bool ir_optimize_one(struct ir_program *p, struct str name);

#endif
