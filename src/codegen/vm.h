/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine in user space for the programs of an image: runs the very
 * instructions that the kernel would run, with maps and helpers of its own.
 * Each access to memory is checked: it must lie wholly inside one region (the
 * stack of the function, the context, a value of a map, a reserved record),
 * and constant data is not written.  So tests can compare what the generated
 * code does with what the host engine does, without a kernel and without
 * root.
 *
 * There is one CPU, no task and no other memory: reads of kernel or user
 * memory fail as bad addresses do.
 */
#ifndef CODEGEN_VM_H
#define CODEGEN_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"

struct vm;

struct vm_options {
	const struct image *image;	/* has passed image_check() */
	uint32_t ncpus;			/* copies of per-CPU values */
	uint64_t steps;			/* most instructions of one run */
	/* A record has come out of ring buffer number `map`. */
	void (*record)(void *data, uint32_t map, const void *bytes,
		       uint32_t len);
	void *data;
};

/* Maps are empty but for constant data; the session is RUNNING. */
struct vm *vm_create(const struct vm_options *o);
void vm_destroy(struct vm *vm);

/* Runs program `prog` on a context; false = it did what no program may do:
 * vm_error() says what, and where. */
bool vm_run(struct vm *vm, uint32_t prog, const void *ctx, uint32_t len);
const char *vm_error(const struct vm *vm);

/* The value of an array map's element 0 (globals and the like). */
uint8_t *vm_value(struct vm *vm, uint32_t map);

#endif
