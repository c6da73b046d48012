/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a handler the lock is taken and given back.
 */
#ifndef IR_LOCK_PUT_H
#define IR_LOCK_PUT_H

#include "ir/ir.h"

/* Does an instruction touch a global that the lock is for? */
typedef bool lock_touches_fn(const struct ir_insn *i, const void *data);

/* Puts LOCK before the first that does, and UNLOCK behind the last. */
void lock_put(struct ir_program *p, struct ir_func *f, lock_touches_fn *touches,
	      const void *data);

/* Host code: puts LOCK and UNLOCK around each that does. */
void lock_put_each(struct ir_program *p, struct ir_func *f,
		   lock_touches_fn *touches, const void *data);

/* Puts `op` in front of every NEXT. */
void lock_put_before_next(struct ir_program *p, struct ir_func *f,
			  enum image_op op);

#endif
