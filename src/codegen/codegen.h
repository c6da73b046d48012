/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the intermediate representation to what runs: BPF programs for kernel
 * handlers, flattened host code for the rest, maps, probes.
 */
#ifndef CODEGEN_CODEGEN_H
#define CODEGEN_CODEGEN_H

#include "image/image.h"
#include "ir/ir.h"

struct ctypes;
struct sources;

struct cg_options {
	image_features features;	/* of the kernel the image is for */
	uint32_t ncpus;			/* possible CPUs there */
	uint32_t turns;			/* at most, between two tail calls;
					 * 0 = as many as seem right */
	bool short_steps;		/* handlers that are too long otherwise,
					 * see codegen/stepped.h */
	uint32_t hz;			/* ticks a second there; 0 = 250 */
	const struct arch *arch;
	const struct sources *sources;	/* NULL: no line table */
	bool portable;			/* may run on another kernel */
	struct ctypes *btf;		/* of that kernel; NULL: no filter by
					 * file or target is made */
};

/* Completes p->image. */
void cg_generate(struct ir_program *p, const struct cg_options *o);

/* --dump=bpf: the programs of an image, disassembled, with source lines. */
void cg_print(const struct image *img, FILE *out);

#endif
