/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Histograms as text, as SystemTap draws them:
 *
 *	value |-------------------------------------------------- count
 *	    0 |@@@@                                               4
 *	    1 |                                                   0
 *	    2 |                                                   0
 *	      ~
 *	   64 |                                                   0
 *	  128 |                                                   0
 *	  256 |@                                                  1
 *	  512 |                                                   0
 *	 1024 |                                                   0
 *
 * and an empty line.
 */
#ifndef RUN_HIST_H
#define RUN_HIST_H

#include "base/buf.h"
#include "image/image.h"

/* stat: memory of a statistic that has a histogram; elision: how many empty
 * rows stay on both sides of a '~', or HIST_ALL; appends to out. */
void hist_text(const struct image_stat *s, const uint8_t *stat,
	       uint32_t elision, struct buf *out);

#endif
