/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists of what can be probed and called: -l, -L, --dump-*.
 */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include <stdbool.h>
#include <stdio.h>

struct compile;
struct options;

/* The points of -l, with their variables for -L, of a program that
 * compile_point() made; false = there are none. */
bool list_points(struct compile *c, bool with_vars, FILE *out);

/* The forms of probe points. */
void list_forms(const struct options *o, FILE *out);

/* What the library defines; on a terminal, or with -v, with its
 * documentation's first sentence. */
void list_aliases(struct compile *c, FILE *out);
void list_functions(struct compile *c, FILE *out);

/* What a diagnostic's code means; false = there is no such code. */
bool list_explanation(const char *code, FILE *out);

#endif
