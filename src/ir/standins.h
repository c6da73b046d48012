/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which probes have stand-ins (codegen/standin.h): programs that call theirs
 * for a hit that the kernel skipped, as it was at work on that CPU.
 */
#ifndef IR_STANDINS_H
#define IR_STANDINS_H

#include "ir/ir.h"

bool standins_wanted(const struct ir_program *p, const struct ir_probe *pr);

#endif
