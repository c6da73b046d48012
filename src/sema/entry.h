/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * @entry(expr) in a probe of a return: the value that expr had when the
 * function or the call was entered.  Parameters, and what they point to, are
 * so without saying (stapprobes(3stap), "More on return probes").  A probe at
 * the entry keeps the value in an array; the handler of the return takes it
 * from there.
 *
 * The handler does not run at a return whose entry was not seen: the call
 * began before the session, or the kernel skipped the entry (and counted that).
 * A value that could not be had is an error where it is used, and only then:
 * others' calls may be given pointers to nowhere.
 */
#ifndef SEMA_ENTRY_H
#define SEMA_ENTRY_H

#include "sema/program.h"

/* What tells whose entry a return is of. */
enum entry_key {
	ENTRY_BY_TASK,	/* its thread is in no other call of the kind */
	ENTRY_BY_DEPTH,	/* the thread, and how many calls it is in: functions
			 * may call themselves */
	ENTRY_BY_STACK,	/* the stack pointer: kernel's functions by kprobes;
			 * entries that were skipped are not taken for
			 * others */
	ENTRY_BY_FRAME,	/* the context, which one trampoline gives to the
			 * programs at both ends: also calls that an interrupt
			 * makes are told apart, and entries that were skipped
			 * are not taken for others */
};

/* Do the handlers of the probes first ... first + n - 1, which are copies of
 * one, ask for values at entry? */
bool entry_is_asked(struct program *p, uint32_t first, uint32_t n);

/*
 * In those handlers: @entry() becomes a name.  Returns the handler of the probe
 * that keeps the values, for the caller to put at each entry (a copy each);
 * NULL = it cannot be done.
 */
struct ast_stmt *entry_rewrite(struct program *p, uint32_t first, uint32_t n,
			       enum entry_key key);

#endif
