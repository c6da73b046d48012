/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions of =~ and !~: POSIX extended ones, made into the table
 * of image/dfa.h when the script is compiled, so that matching takes one step
 * for each byte, in the kernel too.
 *
 * A byte is a character.  \c is c itself; ^ and $ stand for the ends of the
 * whole string; there are no back-references.  A match is the leftmost, and
 * of those the longest; its groups are as the alternatives are written: the
 * first that leads to that match, repeats as long as they can be.
 */
#ifndef SEMA_REGEX_H
#define SEMA_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * groups: also tell where the match and its groups are; without, the table
 * is far smaller.  *ngroups counts group 0, the match; 0 without groups.
 * ERR_FORMAT: what is wrong with the pattern; ERR_LIMIT: its table would be
 * too large.  The table is in the arena.
 */
struct err *regex_compile(struct str pattern, bool groups, struct arena *a,
			  struct str *table, uint32_t *ngroups) must_check;

#endif
