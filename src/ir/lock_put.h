/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a handler the lock is taken and given back.
 */
#ifndef IR_LOCK_PUT_H
#define IR_LOCK_PUT_H

#include "ir/ir.h"

/* Puts LOCK and UNLOCK around all that touches globals; `touches` says of an
 * operation whether it does. */
void lock_put(struct ir_program *p, struct ir_func *f,
	      bool (*touches)(enum image_op op));

/* Puts `op` in front of every NEXT. */
void lock_put_before_next(struct ir_program *p, struct ir_func *f,
			  enum image_op op);

#endif
