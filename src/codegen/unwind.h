/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk over the stack of a process: memory that its steps share.  It begins
 * with what changes, then come the frames.
 */
#ifndef CODEGEN_UNWIND_H
#define CODEGEN_UNWIND_H

enum {
	WALK_PC = 0,
	WALK_SP = 8,
	WALK_FP = 16,
	WALK_CFA = 24,
	WALK_N = 32,		/* frames so far */
	WALK_LIMIT = 40,	/* frames wanted */
	WALK_EXACT = 48,	/* 1: pc is not where a call returns to */
	WALK_FIRST = 56,	/* mappings of the process */
	WALK_COUNT = 64,
	WALK_LOW = 72,		/* a search */
	WALK_HIGH = 80,
	WALK_WANTED = 88,
	WALK_ROW = 96,
	WALK_LOSS = 104,	/* enum walk_loss */
	WALK_PROC = 112,	/* key of the procs map */
	WALK_ANSWERED = 120,	/* 1: somebody asked for the tables */
	WALK_IS_GUESS = 128,	/* 1: pc was found by frame pointers */
	WALK_ANSWER_AT = 136,	/* when that was: struct unwind_proc */
	WALK_RETURN = 144,	/* a search: return.h */
	WALK_HEAD = 176,	/* with it the key of the ustacks map begins */
	WALK_FRAMES = 184,
};

/* What a walk is not sure of, the last such thing. */
enum walk_loss {
	WALK_LOSS_NONE,
	WALK_LOSS_GUESS,	/* frame pointers had to do */
	WALK_LOSS_CUT,		/* it ends at code without tables */
	WALK_LOSS_STALE,	/* it ends at what nobody knew to be code */
};

#endif
