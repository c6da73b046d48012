/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the kernel did not let us, and what would help.
 */
#ifndef KERN_PRIVILEGE_H
#define KERN_PRIVILEGE_H

#include "base/err.h"

/* Gives an ERR_PERMISSION, or that files are too many, its hint, and leaves
 * other errors as they are; returns e. */
struct err *privilege_hint(struct err *e);

/* As many open files and as much locked memory as we may have: a program and
 * what it is attached with take two files for each probe. */
void privilege_lift_limits(void);

#endif
