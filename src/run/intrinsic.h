/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the intrinsics that works on text and names.
 */
#ifndef RUN_INTRINSIC_H
#define RUN_INTRINSIC_H

#include "run/engine.h"

enum step intrinsic_text(struct host *h, enum image_intrinsic id,
			 const struct value *args);

#endif
