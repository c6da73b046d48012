/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a BPF ring buffer where the kernel puts it: nothing is copied.
 */
#ifndef RUN_RING_H
#define RUN_RING_H

#include <stdint.h>

#include "base/err.h"

struct ring;

/* fd: the map's, which must outlive the ring; size: its max_entries, in
 * bytes. */
struct err *ring_open(int fd, uint32_t size, struct ring **ret) must_check;
void ring_close(struct ring *r);

/* The oldest record and its length in bytes, or NULL: there is none, or it is
 * still being written.  It stays where it is until ring_consume(). */
const void *ring_peek(struct ring *r, uint32_t *len);
void ring_consume(struct ring *r);

#endif
