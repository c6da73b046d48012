/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * begin, end, error, with or without an order, and never: what happens to the
 * session itself.
 */
#include "sema/resolve/kind.h"

enum resolve_status begin_resolve(struct query *q)
{
	const struct ast_component *c = &q->point->v[0];
	struct site *s = query_site(q, (enum image_probe_kind)q->data,
				    query_text(q));

	s->image.a = (uint64_t)c->number;	/* 0 without an argument */
	return RESOLVE_FOUND;
}
