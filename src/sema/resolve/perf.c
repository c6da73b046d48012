/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf.type(N).config(N) and its names perf.sw.*, perf.hw.*, perf.hw_cache.*:
 * samples on every CPU, in the context of what is interrupted; or, with
 * .counter("name"), a counter that @perf("name") reads.  Those of a program
 * (.process) count all, and are told apart by the code in front of the
 * handler.
 */
#include <linux/perf_event.h>

#include "dbg/arch.h"
#include "dbg/process.h"
#include "dbg/world.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"

#define PERF_SAMPLE 1000000 /* events per sample, unless the point says */
/* A second, unless the machine's administrator has set another. */
#define PERF_MAX_RATE 100000

struct perf_name {
	uint32_t type; /* PERF_TYPE_*, of whole events */
	const char *name;
	uint64_t config;
};

static const struct perf_name perf_events[] = {
#define EVENT(type, name, config) { PERF_TYPE_##type, name, config },
#include "sema/resolve/perf_event.def"
#undef EVENT
};

/* The three parts of the name of a cache's event. */
static const struct perf_name perf_caches[] = {
#define CACHE(name, number) { 0, name, number },
#include "sema/resolve/perf_event.def"
#undef CACHE
};

static const struct perf_name perf_ops[] = {
#define OP(name, number) { 0, name, number },
#include "sema/resolve/perf_event.def"
#undef OP
};

static const struct perf_name perf_results[] = {
#define RESULT(name, number) { 0, name, number },
#include "sema/resolve/perf_event.def"
#undef RESULT
};

struct perf_event {
	uint64_t type, config;
	struct str point;
};

/* ---- the registers, for @kregister and @uregister ---- */

static const struct target_scope *registers_new(struct program *p)
{
	struct target_scope *s = arena_new(p->arena, struct target_scope);
	const struct arch *arch = world_arch(p->world);

	for (uint32_t i = 0; i < arch->nregs; i++) {
		const struct arch_reg *r = &arch->regs[i];

		if (r->dwarf == ARCH_NO_DWARF || r->alias ||
		    r->offset + r->size > arch->ctx_regs_size)
			continue;
		vec_push(p->arena, &s->roots,
			 (struct target_root){
				 .name = arena_printf(p->arena, "@reg%u",
						      r->dwarf),
				 .hidden = true,
				 .ops = { { .kind = TGT_CTX_LOAD,
					    .n = r->offset,
					    .size = r->size } },
				 .nops = 1,
			 });
	}
	return s;
}

void scope_add_registers(struct program *p, struct target_scope *s)
{
	if (!p->registers)
		p->registers = registers_new(p);
	s->base = p->registers;
}

const struct target_scope *perf_scope(struct program *p)
{
	struct target_scope *s = arena_new(p->arena, struct target_scope);

	s->what = STR("a sample");
	scope_add_registers(p, s);
	return s;
}

/* ---- sites ---- */

int64_t perf_max_rate(const struct program *p)
{
	return world_sysctl(p->world, "kernel/perf_event_max_sample_rate",
			    PERF_MAX_RATE);
}

static enum resolve_status
bad_number(struct query *q, const struct ast_component *c, int64_t max)
{
	return query_nothing(q, c->arg_span, DIAG_BAD_POINT_ARG,
			     "%" STR_FMT
			     "(%lld) is not in the range from 1 to %lld",
			     STR_ARG(c->name), (long long)c->number,
			     (long long)max);
}

/* How often: .sample(N), .hz(N), or a default. */
static enum resolve_status perf_rate(struct query *q, struct image_site *site)
{
	const struct ast_component *sample = query_component(q, "sample");
	const struct ast_component *hz = query_component(q, "hz");
	int64_t max;

	site->c = PERF_SAMPLE;
	if (sample) {
		if (sample->number < 1)
			return bad_number(q, sample, INT64_MAX);
		site->c = (uint64_t)sample->number;
	}
	if (hz) {
		max = perf_max_rate(q->program);
		if (hz->number < 1 || hz->number > max)
			return bad_number(q, hz, max);
		site->freq = true;
		site->c = (uint64_t)hz->number;
	}
	return RESOLVE_FOUND;
}

static void add_site(struct query *q, const struct perf_event *event,
		     const struct image_site *image)
{
	struct program *p = q->program;
	const struct ast_component *counter = query_component(q, "counter");
	struct site *s = query_site(q, PROBE_PERF, event->point);

	s->image = *image;
	s->image.a = event->type;
	s->image.b = event->config;
	if (counter)
		s->image.name =
			image_intern(p->image, p->back, counter->string);
	else
		s->scope = perf_scope(p);
}

static enum resolve_status perf_programs(struct query *q,
					 const struct perf_event *event,
					 const struct ast_component *c,
					 struct image_site *image)
{
	struct process_files files;
	struct err *e = process_programs(q->program, c->string, &files);

	if (e)
		return query_err(q, c->arg_span, DIAG_UNKNOWN_PROGRAM, e);
	image->filter |= FILTER_FILE | process_target_filter(q->program);
	for (uint32_t i = 0; i < files.n; i++) {
		image->dev = files.v[i].dev;
		image->ino = files.v[i].ino;
		add_site(q, event, image);
	}
	return RESOLVE_FOUND;
}

static enum resolve_status no_process(struct query *q,
				      const struct ast_component *c)
{
	return query_nothing(q, c->span, DIAG_BAD_POINT_ARG,
			     "no process is meant: there is neither -c nor -x");
}

static enum resolve_status perf_sites(struct query *q,
				      const struct perf_event *event)
{
	const struct ast_component *c = query_component(q, "process");
	bool counts = query_component(q, "counter");
	struct image_site image = {};
	enum resolve_status status = perf_rate(q, &image);

	if (status != RESOLVE_FOUND)
		return status;
	/* A counter is bound to one task, which must be known. */
	if (c && c->arg_kind == AST_ARG_STRING && !counts)
		return perf_programs(q, event, c, &image);
	if (c) {
		image.filter = process_target_filter(q->program);
		if (!image.filter)
			return no_process(q, c);
	}
	add_site(q, event, &image);
	return RESOLVE_FOUND;
}

enum resolve_status perf_resolve(struct query *q)
{
	const struct ast_component *type = &q->point->v[1];
	const struct ast_component *config = &q->point->v[2];
	struct perf_event event = {
		.type = (uint64_t)type->number,
		.config = (uint64_t)config->number,
		.point = query_text(q),
	};

	if (type->number < 0 || type->number > UINT32_MAX)
		return query_nothing(q, type->arg_span, DIAG_BAD_POINT_ARG,
				     "%lld is no type of perf event",
				     (long long)type->number);
	return perf_sites(q, &event);
}

/* ---- names ---- */

static enum resolve_status unknown_name(struct query *q, uint32_t at,
					const struct perf_name *names,
					uint32_t n, uint32_t type)
{
	const struct ast_component *c = &q->point->v[at];
	struct arena *a = q->program->arena;
	struct str list = {}, best;
	struct diag_guess guess;
	enum resolve_status status;

	diag_guess_init(&guess, c->name);
	for (uint32_t i = 0; i < n; i++) {
		if (names[i].type != type)
			continue;
		diag_guess_add(&guess, str_from(names[i].name));
		list = arena_printf(a, "%" STR_FMT "%s%s", STR_ARG(list),
				    list.len ? ", " : "", names[i].name);
	}
	status = query_nothing(q, c->span, DIAG_UNKNOWN_PERF_EVENT,
			       "there is no event '%" STR_FMT "'",
			       STR_ARG(c->name));
	best = diag_guess_best(&guess);
	q->answer->help =
		best.len ?
			arena_printf(a, "did you mean '%" STR_FMT "'?",
				     STR_ARG(best)) :
			arena_printf(a, "there are %" STR_FMT, STR_ARG(list));
	return status;
}

/* The sites of an event whose name's parts, from component 2 on, are these:
 * the point may have wildcards there. */
static enum resolve_status perf_named(struct query *q, uint64_t type,
				      uint64_t config, const char *const *parts,
				      uint32_t n)
{
	struct arena *a = q->program->arena;
	struct ast_point point = *q->point;
	struct query named = *q;
	struct perf_event event = { .type = type, .config = config };

	point.v = arena_array(a, point.n, struct ast_component);
	for (uint32_t i = 0; i < point.n; i++)
		point.v[i] = q->point->v[i];
	for (uint32_t i = 0; i < n; i++)
		point.v[2 + i].name = str_from(parts[i]);
	named.point = &point;
	event.point = query_text(&named);
	return perf_sites(q, &event);
}

static bool name_matches(const struct query *q, uint32_t at,
			 const struct perf_name *name)
{
	return str_glob(q->point->v[at].name, str_from(name->name));
}

/* data: the type.  Bad numbers are bad for the first event too, so either
 * all have sites or none has. */
enum resolve_status perf_event_resolve(struct query *q)
{
	uint32_t type = (uint32_t)q->data;
	enum resolve_status status = RESOLVE_UNKNOWN;

	for (uint32_t i = 0; i < ARRAY_SIZE(perf_events); i++) {
		const struct perf_name *e = &perf_events[i];

		if (e->type != type || !name_matches(q, 2, e))
			continue;
		status = perf_named(q, type, e->config, &e->name, 1);
		if (status != RESOLVE_FOUND)
			return status;
	}
	return status == RESOLVE_FOUND ?
		       status :
		       unknown_name(q, 2, perf_events, ARRAY_SIZE(perf_events),
				    type);
}

static enum resolve_status cache_event(struct query *q,
				       const struct perf_name *cache,
				       const struct perf_name *op,
				       const struct perf_name *result)
{
	const char *parts[] = { cache->name, op->name, result->name };

	if (!name_matches(q, 2, cache) || !name_matches(q, 3, op) ||
	    !name_matches(q, 4, result))
		return RESOLVE_UNKNOWN;
	return perf_named(q, PERF_TYPE_HW_CACHE,
			  cache->config | op->config << 8 |
				  result->config << 16,
			  parts, ARRAY_SIZE(parts));
}

static enum resolve_status unknown_cache(struct query *q)
{
	bool cache = false, op = false;

	for (uint32_t i = 0; i < ARRAY_SIZE(perf_caches); i++)
		cache |= name_matches(q, 2, &perf_caches[i]);
	for (uint32_t i = 0; i < ARRAY_SIZE(perf_ops); i++)
		op |= name_matches(q, 3, &perf_ops[i]);
	if (!cache)
		return unknown_name(q, 2, perf_caches, ARRAY_SIZE(perf_caches),
				    0);
	if (!op)
		return unknown_name(q, 3, perf_ops, ARRAY_SIZE(perf_ops), 0);
	return unknown_name(q, 4, perf_results, ARRAY_SIZE(perf_results), 0);
}

enum resolve_status perf_cache_resolve(struct query *q)
{
	const uint32_t nops = ARRAY_SIZE(perf_ops);
	const uint32_t nresults = ARRAY_SIZE(perf_results);
	const uint32_t n = ARRAY_SIZE(perf_caches) * nops * nresults;
	bool found = false;

	for (uint32_t i = 0; i < n; i++) {
		enum resolve_status status =
			cache_event(q, &perf_caches[i / nresults / nops],
				    &perf_ops[i / nresults % nops],
				    &perf_results[i % nresults]);

		if (status == RESOLVE_NOTHING)
			return status;
		found |= status == RESOLVE_FOUND;
	}
	return found ? RESOLVE_FOUND : unknown_cache(q);
}
