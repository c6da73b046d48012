/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verifier says about a program that it refuses, as a place in the
 * script.
 */
#ifndef KERN_VERIFIER_LOG_H
#define KERN_VERIFIER_LOG_H

#include "base/err.h"
#include "image/image.h"

/* ERR_VERIFIER: place, the verifier's reason, its last instructions.
 * ERR_TOO_LONG instead as below. */
struct err *verifier_log_explain(const struct image *img,
				 const struct image_prog *p, const char *log,
				 int errnum) must_check;

/* The kernel says E2BIG, and the compiler has another form for what it may
 * accept: then ERR_TOO_LONG, without a log, which takes as long again. */
struct err *verifier_log_too_long(const struct image *img,
				  const struct image_prog *p) must_check;

#endif
