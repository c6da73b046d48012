/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files are read where they are mapped, and they are other people's: one may
 * be cut short while it is read, by whoever installs another version in its
 * place.  To read behind its new end raises SIGBUS, which ends a process.
 */
#ifndef BASE_MAPPED_H
#define BASE_MAPPED_H

/* From now on, in the whole process: what a mapped file has lost reads as
 * zeros, which is for the readers a file that is malformed. */
void mapped_survive_cuts(void);

#endif
