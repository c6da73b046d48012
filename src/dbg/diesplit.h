/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug information that is spread over files: split units in .dwo files or a
 * .dwp package, and what dwz moved into a file that others share.
 */
#ifndef DBG_DIESPLIT_H
#define DBG_DIESPLIT_H

#include "dbg/die.h"

struct die_dwos;

/* Looks for the split unit of a skeleton; sets u->split when found. */
void diesplit_find(struct die_unit *u);

/* The file that f's alternate references go to; NULL = none, or missing. */
struct die_file *diesplit_alt(struct die_file *f);

/* Reads the index of a package, for the units' contributions. */
void diesplit_contributions(struct die_file *f);

/* Closes the .dwo files. */
void diesplit_destroy(struct die_dwos *dwos);

#endif
