/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output that is held back until the script knows whether it wants it:
 * speculate(), commit() and discard().  Each number has a text of its own.
 */
#ifndef RUN_SPECULATION_H
#define RUN_SPECULATION_H

struct speculations;

/* Takes NULL. */
void speculations_destroy(struct speculations *s);

#endif
