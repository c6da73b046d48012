/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netfilter.hook("NAME").pf("FAMILY"), with .priority("N"), in any order:
 * programs that the kernel calls for each packet at a hook.
 */
#include <linux/netfilter.h>

#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"
#include "sema/resolve/types.h"

struct name {
	const char *name;
	uint32_t family;
	int32_t number;
};

static const struct name hooks[] = {
#define HOOK(name, family, number) { name, family, number },
#include "sema/resolve/netfilter_name.def"
#undef HOOK
};

static const struct name priorities[] = {
#define PRIORITY(name, number) { name, 0, number },
#include "sema/resolve/netfilter_name.def"
#undef PRIORITY
};

static const struct name families[] = {
	{ "NFPROTO_IPV4", 0, NFPROTO_IPV4 },
	{ "NFPROTO_IPV6", 0, NFPROTO_IPV6 },
	{ "PF_INET", 0, NFPROTO_IPV4 },
	{ "PF_INET6", 0, NFPROTO_IPV6 },
};

static const struct name *find(const struct name *names, uint32_t n,
			       struct str name, uint32_t family)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_is(name, names[i].name) &&
		    (!names[i].family || names[i].family == family))
			return &names[i];
	return NULL;
}

static enum resolve_status unknown(struct query *q,
				   const struct ast_component *c,
				   const char *what, const struct name *names,
				   uint32_t n, uint32_t family)
{
	struct arena *a = q->program->arena;
	enum resolve_status status;
	struct str list = {};

	status = query_nothing(q, c->arg_span, DIAG_BAD_POINT_ARG,
			       "there is no %s '%" STR_FMT "'", what,
			       STR_ARG(c->string));
	for (uint32_t i = 0; i < n; i++)
		if (!names[i].family || names[i].family == family)
			list = arena_printf(a, "%" STR_FMT "%s%s",
					    STR_ARG(list), list.len ? ", " : "",
					    names[i].name);
	q->answer->help = arena_printf(a, "there are %" STR_FMT, STR_ARG(list));
	return status;
}

/* ---- what handlers see: struct bpf_nf_ctx ---- */

/* The type of a member of a struct, as the kernel says. */
static struct ctype_ref type_of(struct ctypes *types, const char *name,
				const char *member)
{
	uint32_t id = ctypes_find(types, CTYPE_STRUCT, str_from(name));
	struct ctype_member m;

	if (!id || !ctypes_find_member(types, id, str_from(member), &m))
		return (struct ctype_ref){};
	return (struct ctype_ref){ types, m.type };
}

/* What is at `off` of the state that the first word points to. */
static void add_state(struct program *p, struct target_scope *s,
		      const char *name, struct ctype_ref type, int64_t off,
		      uint32_t size)
{
	vec_push(p->arena, &s->roots,
		 (struct target_root){
			 .name = str_from(name),
			 .type = type,
			 .ops = { { .kind = TGT_CTX_WORD, .n = 0 },
				  { .kind = TGT_ADD, .n = off },
				  { .kind = TGT_LOAD, .size = size } },
			 .nops = 3,
		 });
}

/* The state begins with the numbers of hook and family, a byte each, and the
 * two devices, since there are such programs. */
static const struct target_scope *scope_new(struct program *p,
					    struct ctypes *types)
{
	struct target_scope *s = arena_new(p->arena, struct target_scope);
	struct ctype_ref device = type_of(types, "nf_hook_state", "in");

	s->what = STR("a netfilter hook");
	add_state(p, s, "hooknum", (struct ctype_ref){}, 0, 1);
	vec_push(p->arena, &s->roots,
		 (struct target_root){
			 .name = STR("skb"),
			 .type = type_of(types, "bpf_nf_ctx", "skb"),
			 .ops = { { .kind = TGT_CTX_WORD, .n = 1 } },
			 .nops = 1,
		 });
	add_state(p, s, "in", device, 8, 8);
	add_state(p, s, "out", device, 16, 8);
	add_state(p, s, "pf", (struct ctype_ref){}, 1, 1);
	vec_last(&s->roots).hidden = true;
	return s;
}

/* ---- sites ---- */

static enum resolve_status no_family(struct query *q,
				     const struct ast_component *c)
{
	if (!str_is(c->string, "NFPROTO_ARP") &&
	    !str_is(c->string, "NFPROTO_BRIDGE"))
		return unknown(q, c, "protocol family", families,
			       ARRAY_SIZE(families), 0);
	return query_nothing(q, c->arg_span, DIAG_NOT_OFFERED,
			     "the kernel has no BPF programs at the hooks of "
			     "%" STR_FMT,
			     STR_ARG(c->string));
}

static bool priority_of(const struct ast_component *c, int64_t *ret)
{
	const struct name *n =
		find(priorities, ARRAY_SIZE(priorities), c->string, 0);

	if (n)
		*ret = n->number;
	return n || (str_to_s64(c->string, ret) && *ret > INT32_MIN &&
		     *ret < INT32_MAX);
}

enum resolve_status netfilter_resolve(struct query *q)
{
	const struct ast_component *hook = query_component(q, "hook");
	const struct ast_component *pf = query_component(q, "pf");
	const struct ast_component *pri = query_component(q, "priority");
	struct ctypes *types = program_btf(q->program);
	const struct name *family, *h;
	int64_t priority = 0;
	struct site *s;

	family = find(families, ARRAY_SIZE(families), pf->string, 0);
	if (!family)
		return no_family(q, pf);
	h = find(hooks, ARRAY_SIZE(hooks), hook->string,
		 (uint32_t)family->number);
	if (!h)
		return unknown(q, hook, "hook", hooks, ARRAY_SIZE(hooks),
			       (uint32_t)family->number);
	if (pri && !priority_of(pri, &priority))
		return unknown(q, pri, "priority", priorities,
			       ARRAY_SIZE(priorities), 0);
	if (!types || !ctypes_find(types, CTYPE_STRUCT, STR("bpf_nf_ctx")))
		return query_nothing(q, q->point->span, DIAG_NOT_OFFERED,
				     "this kernel has no BPF programs at the "
				     "hooks of netfilter (Linux 6.4 has)");
	s = query_site(q, PROBE_NETFILTER, query_text(q));
	s->image.a = (uint64_t)family->number;
	s->image.b = (uint64_t)h->number;
	s->image.c = (uint64_t)priority;
	s->scope = scope_new(q->program, types);
	return RESOLVE_FOUND;
}
