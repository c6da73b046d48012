/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that a handler makes, keeps in a local and prints need not be made in
 * the kernel: the name in the print becomes what it stands for, which is then
 * evaluated late (sema/late.h).  The locals that aliases set, such as argstr,
 * are mostly such.
 *
 * It is done for a local that is assigned once, in a statement that is not
 * inside of another, by an expression that is late altogether down to
 * constants and to locals that have got their last value before.
 */
#ifndef SEMA_DEFER_H
#define SEMA_DEFER_H

#include "sema/program.h"

/* Needs what functions do (func.pure).  Returns whether anything was done:
 * usage is to be computed again. */
bool defer(struct program *p);

#endif
