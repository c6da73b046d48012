/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How programs find the caller of a function of a process: tables that the
 * host makes of call frame information, and the kernel's code looks up.
 *
 *   procs	hash from process to struct unwind_proc: which mappings
 *   mappings	one array value: struct unwind_mapping, of each process
 *		together and sorted by address
 *   rows	array of maps; each has one value, a chunk of u64 rows: the
 *		address from which on it holds in the high half, in the low one
 *		the number of the rule.  Sorted within a mapping's part.
 *   rules	one array value: struct unwind_rule
 *
 * The four maps follow each other in the image.  Host code writes mappings,
 * rows and rules before what refers to them.
 */
#ifndef IMAGE_UNWIND_H
#define IMAGE_UNWIND_H

#include <stdint.h>

enum unwind_map {
	UNWIND_PROCS,
	UNWIND_MAPPINGS,
	UNWIND_ROWS,
	UNWIND_RULES,
	UNWIND_MAPS_N
};

#define UNWIND_PROCS_MAX 8192
#define UNWIND_MAPPINGS_MAX 65536	/* a power of two */
#define UNWIND_CHUNK_ROWS 65536		/* a power of two */
#define UNWIND_CHUNKS_MAX 512
#define UNWIND_RULES_MAX 16384		/* a power of two */

/* The key is the number of the process, u32. */
struct unwind_proc {
	uint32_t first, n;	/* mappings; n 0: the kernel has asked, at
				 * `first` in 2^20 ns, and nobody has answered
				 * yet */
	uint32_t answered;	/* 1: this answers a question */
	uint32_t at;		/* when it was given, in 2^20 ns */
};

/* Where `first` is greater than `last`, it is code without tables. */
struct unwind_mapping {
	uint64_t start, end;
	uint64_t bias;		/* address in the process - address in rows */
	uint32_t chunk;
	uint16_t first, last;	/* rows in it, of the chunk */
};

enum unwind_cfa {
	UNWIND_CFA_UNKNOWN,
	UNWIND_CFA_SP,		/* sp + cfa */
	UNWIND_CFA_FP,		/* fp + cfa */
	UNWIND_CFA_AT_SP,	/* what is in memory at sp + cfa */
	UNWIND_CFA_AT_FP,
	UNWIND_CFA_PLT,		/* sp + 8, and 8 more from byte `cfa` of 16 */
	UNWIND_CFA_END,		/* there is no caller */
};

enum unwind_saved {
	UNWIND_SAVED_NOT,	/* fp: it is unchanged */
	UNWIND_SAVED_CFA,	/* in memory at CFA + offset */
	UNWIND_SAVED_SP,	/* the same, sp and fp before */
	UNWIND_SAVED_FP,
};

struct unwind_rule {
	int32_t cfa;
	uint8_t cfa_kind;	/* enum unwind_cfa */
	uint8_t fp_kind;	/* enum unwind_saved */
	uint8_t ra_kind;	/* the same.  SP: it is the frame of a signal:
				 * what it returns to was interrupted */
	uint8_t spare;
	int32_t fp, ra;		/* offsets */
};

_Static_assert(sizeof(struct unwind_proc) == 16, "layout");
_Static_assert(sizeof(struct unwind_mapping) == 32, "layout");
_Static_assert(sizeof(struct unwind_rule) == 16, "layout");

#endif
