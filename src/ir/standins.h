/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which probes have stand-ins (codegen/standin.h): several copies of their
 * program, of which two may be at work on one CPU.
 */
#ifndef IR_STANDINS_H
#define IR_STANDINS_H

#include "ir/ir.h"

bool standins_wanted(const struct ir_program *p, const struct ir_probe *pr);

#endif
