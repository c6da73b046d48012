/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of image_check(): each looks at some sections, and relies on
 * those that were looked at before it.
 */
#ifndef IMAGE_CHECK_H
#define IMAGE_CHECK_H

#include "image/image.h"

/* Limits of what a file may hold, far beyond what a script needs. */
#define CHECK_KEY_MAX	(64 * 1024)
#define CHECK_VALUE_MAX	(64 * 1024 * 1024)
#define CHECK_FRAME_MAX	(64 * 1024 * 1024)

struct err *check_bad(const char *section, uint32_t i, const char *what)
	must_check;

/* [first, first + n) within [0, total)? */
static inline bool check_range(uint32_t first, uint32_t n, uint32_t total)
{
	return first <= total && n <= total - first;
}

/* Host code: functions, blocks, instructions. */
struct err *check_code(const struct image *img) must_check;

/* The types of the arguments that a format takes, 'L' or 'S',
 * one after another; at most max.  Returns how many. */
uint32_t check_format_args(const struct image *img, uint32_t format,
			   char *ret, uint32_t max);

#endif
