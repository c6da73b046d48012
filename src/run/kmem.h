/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory as programs in the kernel see it, read by the host: a program that is
 * run once for each read.  It is loaded at the first; a host that never reads
 * needs no privilege.
 */
#ifndef RUN_KMEM_H
#define RUN_KMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define KMEM_MAX 16384		/* bytes of one read */

struct kmem;

struct kmem *kmem_create(void);
void kmem_destroy(struct kmem *k);

/* size: at most KMEM_MAX.  is_user: of this process, else the kernel's.  0;
 * -EFAULT: nothing can be read there; -EPERM and others: nothing at all can be
 * read. */
int kmem_read(struct kmem *k, uint64_t addr, bool is_user, void *to,
	      uint32_t size);

/* The text at addr, of less than max bytes; it lives until the next read.
 * Results as of kmem_read(). */
int kmem_text(struct kmem *k, uint64_t addr, bool is_user, uint32_t max,
	      struct str *ret);

/* The struct task_struct of this thread. */
int kmem_task(struct kmem *k, uint64_t *ret);

#endif
