/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the kernel as BTF has them, and the variables at them. */
#ifndef SEMA_RESOLVE_FUNCTION_SCOPE_H
#define SEMA_RESOLVE_FUNCTION_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dbg/btf.h"
#include "sema/resolve/kind.h"

struct function {
	struct str name, module; /* module empty = the kernel itself */
	struct str symbol;	 /* a copy that the compiler made of it, which
				  * takes fewer arguments; empty = itself */
	struct ctypes *types;
	uint32_t id, proto; /* in types */
	uint32_t nparams, result;
	bool by_words; /* all parameters are one word each */
};

/* A function by its name alone; where its types matter: function_look(). */
struct function function_of(struct ctypes *btf, uint32_t id);

/* Fills in what its type says, once. */
void function_look(struct function *fn);

/* The variables at its entry, or in its return (q->data), made when they are
 * asked for.  is_fentry: by a trampoline, which has them by type. */
const struct target_scope *function_scope_new(struct query *q,
					      const struct function *fn,
					      bool is_fentry);

/* The same as lists show it: " $a:int $return:long". */
struct str function_vars_text(struct query *q, struct function *fn,
			      bool is_fentry);

/* Adds registers, and what int_arg() and the like ask for where functions
 * begin. */
void scope_add_arguments(struct program *p, struct target_scope *s);

/* A scope of registers, with int_arg() and the like at an entry, returnval()
 * at a return: of code that nothing describes. */
struct target_scope *scope_of_numbers(struct program *p, struct str name,
				      bool is_return);
/* Registers alone: of code of which nobody knows what is in them. */
struct target_scope *scope_of_registers(struct program *p, struct str name);

#endif
