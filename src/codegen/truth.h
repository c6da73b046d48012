/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drops tests of what is known already; before registers are given.
 */
#ifndef CODEGEN_TRUTH_H
#define CODEGEN_TRUTH_H

#include "codegen/code.h"

void truth_fold(struct cg_code *c);

#endif
