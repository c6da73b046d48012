/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree as text: --dump=ast, one fact per line; and as a script again,
 * for messages, -p1 and tests (parsing what it writes gives the same tree).
 */
#ifndef LANG_AST_PRINT_H
#define LANG_AST_PRINT_H

#include <stdio.h>

#include "base/buf.h"
#include "lang/ast.h"
#include "lang/source.h"

void ast_print_file(const struct ast_file *f, const struct sources *ss,
		    FILE *out);
void ast_print_expr(const struct ast_expr *e, FILE *out);

/* In quotes, with escapes. */
void ast_print_string(struct str s, FILE *out);

void ast_unparse_file(const struct ast_file *f, struct buf *out);
void ast_unparse_stmt(const struct ast_stmt *s, uint32_t indent,
		      struct buf *out);
void ast_unparse_expr(const struct ast_expr *e, struct buf *out);
void ast_unparse_point(const struct ast_point *p, struct buf *out);

#endif
