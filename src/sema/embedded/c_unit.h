/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the C texts of a program share. */
#ifndef SEMA_EMBEDDED_C_UNIT_H
#define SEMA_EMBEDDED_C_UNIT_H

#include "sema/embedded/c_parse.h"

/* What the kernel's headers would define, in C (c_prelude.c). */
extern const char c_prelude[];

/* With all files read that the program has by now. */
struct c_unit *c_unit_get(struct program *p);

/* Where a text begins among the sources; 0: it is not a part of one.  near: a
 * place in the same source. */
uint32_t c_text_base(const struct c_unit *u, struct str text,
		     struct span near);

/* Preprocessed into c->in, with an end. */
void c_read_text(struct c *c, struct str text, uint32_t base, struct span at);
void c_top_level(struct c *c);

/* Statements up to the end. */
struct ast_stmt *c_body(struct c *c, struct span span);

/* An empty file of the program, for what a script cannot name. */
struct ast_file *c_new_file(struct c_unit *u);

#endif
