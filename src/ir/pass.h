/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The passes, each on the whole program.  What a pass needs and leaves
 * stands at the head of its file.
 */
#ifndef IR_PASS_H
#define IR_PASS_H

#include "ir/ir.h"

void ir_inline(struct ir_program *p);
void ir_lock(struct ir_program *p);

#endif
