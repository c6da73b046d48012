/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Most entries of a unit are types that a thousand other units have too.  So
 * what an abbreviation makes of its entries is worked out once for each unit:
 * whether they matter at all, how long they are, where in them the name and
 * the reference to the next sibling are.  An entry then costs a look-up and
 * an addition; the general way (die.c) is for those that matter or whose
 * length varies.
 *
 * A name in .debug_str is known by its offset, since linkers merge them: a
 * bit for each offset and kind says whether it was seen.
 */
#include "dbg/diescan.h"

#include <dwarf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/map.h"
#include "dbg/lines.h"

#define DIESCAN_DEPTH_MAX 64
#define DIESCAN_CHUNK 8			/* units taken at once */
#define DIESCAN_KEPT (UINT64_C(1) << 20)	/* bytes, when done */
#define DIESCAN_ALONE (4u << 20)	/* bytes that need no second thread */
#define DIESCAN_VARIES UINT16_MAX
#define DIESCAN_NAMES_MAX (1u << 25)
#define DIESCAN_FILES_MAX 16384	/* of a unit */

enum diescan_what {
	DIESCAN_SKIP,		/* and its children */
	DIESCAN_ENTER,		/* namespaces: names are inside */
	DIESCAN_NAME,		/* is of a kind */
	DIESCAN_CODE,		/* function or variable: all are kept */
};

/* What of an entry's children is looked at. */
enum diescan_mode {
	DIESCAN_NOTHING,
	DIESCAN_FUNCTIONS,	/* in functions: those of classes there, such as
				 * lambdas' */
	DIESCAN_ALL,
};

struct diescan_abbrev {
	uint16_t size;		/* of the attributes, or VARIES */
	uint16_t name;		/* offset of a 4-byte .debug_str offset */
	uint16_t sibling;	/* offset of a 4-byte reference */
	uint8_t what;
	uint8_t kind;
	bool has_children;
};

struct diescan_job {
	struct die_unit *const *units;
	uint32_t n;
	atomic_uint next;
};

struct diescan_thread {
	struct diescan_job *job;
	struct arena arena;
	struct diescan_names names;
	struct die_abbrevs abbrevs;	/* for reuse */
	struct diescan_abbrev *fast;	/* by place in abbrevs.v */
	uint32_t fast_cap;
	uint64_t *seen[DIESCAN_KINDS];	/* bits by offset into .debug_str */
	uint64_t seen_size;
	const struct die_file *seen_file;
	struct map strings[DIESCAN_KINDS];	/* other names seen */
	/* The unit at hand. */
	struct die_unit *unit;
	uint32_t number;
	const uint8_t *base;		/* of its section */
	uint64_t files[DIESCAN_FILES_MAX / 64];	/* bits: has code */
	bool has_files;
	bool is_c;
	/* Units that are done, which follow each other. */
	const struct die_file *done_file;
	const uint8_t *done_base;
	uint64_t done_from, done_end;
};

/* ---- what abbreviations mean ---- */

static bool diescan_has(const struct diescan_thread *t,
			const struct die_abbrev *a, uint16_t name)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (t->abbrevs.specs[a->first + i].name == name)
			return true;
	return false;
}

static uint8_t diescan_type_kind(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return DIESCAN_STRUCT;
	case DW_TAG_union_type:
		return DIESCAN_UNION;
	case DW_TAG_enumeration_type:
		return DIESCAN_ENUM;
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		return DIESCAN_TYPEDEF;
	default:
		return DIESCAN_KINDS;
	}
}

static void diescan_classify(const struct diescan_thread *t,
			     const struct die_abbrev *a,
			     struct diescan_abbrev *f)
{
	bool is_declared = diescan_has(t, a, DW_AT_declaration);

	f->kind = diescan_type_kind(a->tag);
	f->what = DIESCAN_SKIP;
	if (a->tag == DW_TAG_subprogram) {
		f->kind = diescan_has(t, a, DW_AT_inline) ? DIESCAN_INLINE :
							    DIESCAN_FUNCTION;
		if (!is_declared && (f->kind == DIESCAN_INLINE ||
				     diescan_has(t, a, DW_AT_low_pc) ||
				     diescan_has(t, a, DW_AT_ranges)))
			f->what = DIESCAN_CODE;
	} else if (a->tag == DW_TAG_variable) {
		f->kind = DIESCAN_VARIABLE;
		if (diescan_has(t, a, DW_AT_location) ||
		    diescan_has(t, a, DW_AT_const_value))
			f->what = DIESCAN_CODE;
	} else if (a->tag == DW_TAG_namespace || a->tag == DW_TAG_module) {
		f->what = DIESCAN_ENTER;
	} else if (f->kind != DIESCAN_KINDS && !is_declared &&
		   (f->kind == DIESCAN_ENUM ||
		    diescan_has(t, a, DW_AT_name) || !t->is_c)) {
		f->what = DIESCAN_NAME;
	}
}

/* Bytes of a form's value; 0 may be real (see size), VARIES = varies. */
static uint16_t diescan_form_size(const struct die_unit *u, uint16_t form)
{
	static const uint8_t zeroes[16];
	struct reader r = { .p = zeroes, .end = zeroes + sizeof(zeroes) };

	switch (form) {
	case DW_FORM_udata:
	case DW_FORM_sdata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
	case DW_FORM_string:
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
	case DW_FORM_exprloc:
	case DW_FORM_indirect:
		return DIESCAN_VARIES;
	default:
		if (!die_skip(u, form, &r))
			return DIESCAN_VARIES;
		return (uint16_t)(r.p - zeroes);
	}
}

static void diescan_measure(const struct diescan_thread *t,
			    const struct die_abbrev *a,
			    struct diescan_abbrev *f)
{
	uint32_t at = 0;

	f->size = f->name = f->sibling = DIESCAN_VARIES;
	f->has_children = a->has_children;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct die_spec *s = &t->abbrevs.specs[a->first + i];
		uint16_t size = diescan_form_size(t->unit, s->form);

		if (s->name == DW_AT_name && s->form == DW_FORM_strp &&
		    t->unit->offset_size == 4)
			f->name = (uint16_t)at;
		if (s->name == DW_AT_sibling && s->form == DW_FORM_ref4)
			f->sibling = (uint16_t)at;
		if (size == DIESCAN_VARIES || at + size > 4096)
			return;
		at += size;
	}
	f->size = (uint16_t)at;
}

/* Does it refer to origins in other units? */
static bool diescan_is_cross(const struct diescan_thread *t,
			     const struct die_abbrev *a)
{
	for (uint32_t i = 0; i < a->n; i++) {
		const struct die_spec *s = &t->abbrevs.specs[a->first + i];

		if (s->name == DW_AT_abstract_origin &&
		    (s->form == DW_FORM_ref_addr ||
		     s->form == DW_FORM_GNU_ref_alt ||
		     s->form == DW_FORM_ref_sup4 ||
		     s->form == DW_FORM_ref_sup8))
			return true;
	}
	return false;
}

static bool diescan_abbrevs(struct diescan_thread *t)
{
	struct die_abbrevs *ab = &t->abbrevs;

	if (!die_abbrevs_read(t->unit->file, t->unit->abbrev_off, ab))
		return false;
	if (t->fast_cap < ab->n) {
		t->fast_cap = ab->n;
		t->fast = realloc(t->fast, ab->n * sizeof(*t->fast));
		if (!t->fast)
			abort();
	}
	for (uint32_t i = 0; i < ab->n; i++) {
		diescan_classify(t, &ab->v[i], &t->fast[i]);
		diescan_measure(t, &ab->v[i], &t->fast[i]);
		if (ab->v[i].tag == DW_TAG_inlined_subroutine)
			t->names.is_cross |= diescan_is_cross(t, &ab->v[i]);
	}
	return true;
}

/* ---- names ---- */

/* Is this the first time? */
static bool diescan_first_off(struct diescan_thread *t, uint8_t kind,
			      uint32_t off)
{
	uint64_t bit = UINT64_C(1) << (off & 63), *word;

	if (off >= t->seen_size || t->seen_file != t->unit->file)
		return true;
	if (!t->seen[kind]) {
		t->seen[kind] = calloc(t->seen_size / 64 + 1, 8);
		if (!t->seen[kind])
			abort();
	}
	word = &t->seen[kind][off / 64];
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

static bool diescan_first_str(struct diescan_thread *t, uint8_t kind,
			      struct str name)
{
	if (map_find(&t->strings[kind], name))
		return false;
	map_set(&t->strings[kind], name, t);
	return true;
}

static void diescan_add(struct diescan_thread *t, uint8_t kind,
			struct str name, uint64_t off)
{
	if (t->names.n < DIESCAN_NAMES_MAX)
		vec_push(&t->arena, &t->names,
			 (struct diescan_name){ name, t->number,
						(uint32_t)(off -
							   t->unit->off),
						kind });
}

static uint32_t diescan_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* Enumerators; where the first is known, all are. */
static void diescan_enumerators(struct diescan_thread *t, uint64_t off)
{
	struct dbg_die child =
		die_child((struct dbg_die){ t->unit, off });

	for (uint32_t i = 0; child.unit && i < 1u << 16; i++) {
		struct str name = die_str(child, DW_AT_name);

		if (name.len &&
		    diescan_first_str(t, DIESCAN_ENUMERATOR, name))
			diescan_add(t, DIESCAN_ENUMERATOR, name, child.off);
		else if (!i)
			return;
		child = die_next(child);
	}
}

/* p: at the attributes */
static void diescan_type(struct diescan_thread *t,
			 const struct diescan_abbrev *f, uint64_t off,
			 const uint8_t *p)
{
	struct str name;

	if (f->name != DIESCAN_VARIES) {
		uint32_t at = diescan_u32(p + f->name);

		if (!diescan_first_off(t, f->kind, at))
			return;
		name = die_section_str(t->unit->file, DIE_STR, at);
	} else {
		name = die_str((struct dbg_die){ t->unit, off }, DW_AT_name);
		if (name.len && !diescan_first_str(t, f->kind, name))
			return;
	}
	if (name.len)
		diescan_add(t, f->kind, name, off);
	if (f->kind == DIESCAN_ENUM)
		diescan_enumerators(t, off);
}

static void diescan_note_file(struct diescan_thread *t, uint64_t file)
{
	if (file >= DIESCAN_FILES_MAX)
		return;
	t->files[file / 64] |= UINT64_C(1) << (file & 63);
	t->has_files = true;
}

static struct str diescan_base(struct str path)
{
	uint32_t n = path.len;

	while (n && path.s[n - 1] != '/')
		n--;
	return str_sub(path, n, path.len);
}

/* The files that functions of the unit are from, and its own. */
static void diescan_add_files(struct diescan_thread *t)
{
	struct die_unit *u = t->unit;
	struct dbg_die root = { u, u->root };
	bool had = u->has_lines;
	struct lines *l = t->has_files ? lines_files(u) : NULL;

	for (uint32_t i = 0; l && i < l->nfiles && i < DIESCAN_FILES_MAX; i++)
		if (t->files[i / 64] >> (i & 63) & 1)
			diescan_add(t, DIESCAN_FILE, diescan_base(l->files[i]),
				    u->root);
	if (t->has_files)
		diescan_add(t, DIESCAN_FILE,
			    diescan_base(die_str(root, DW_AT_name)), u->root);
	if (!had && u->has_lines) {
		/* What names point to is in the file's sections. */
		lines_destroy(u->lines);
		u->lines = NULL;
		u->has_lines = false;
	}
	memset(t->files, 0, sizeof(t->files));
	t->has_files = false;
}

static void diescan_code(struct diescan_thread *t,
			 const struct diescan_abbrev *f, uint64_t off)
{
	struct dbg_die die = { t->unit, off }, origin;
	struct str name = die_str(die, DW_AT_name);
	uint8_t kind = f->kind;

	if (die_uint(die, DW_AT_inline, DW_INL_inlined) == DW_INL_not_inlined ||
	    die_uint(die, DW_AT_inline, DW_INL_inlined) ==
		    DW_INL_declared_not_inlined)
		return;
	origin = die;
	for (int i = 0; !name.len && i < DIE_HOPS_MAX; i++) {
		struct dbg_die next = die_ref(origin, DW_AT_abstract_origin);

		if (!next.unit)
			next = die_ref(origin, DW_AT_specification);
		/* Other units are other threads': later. */
		if (next.unit != t->unit)
			break;
		origin = next;
		name = die_str(origin, DW_AT_name);
	}
	if (die_flag(origin, DW_AT_external))
		kind |= DIESCAN_EXTERNAL;
	if (f->kind != DIESCAN_VARIABLE)
		diescan_note_file(t, die_uint(origin, DW_AT_decl_file,
					      UINT64_MAX));
	diescan_add(t, kind, name, off);
}

/* ---- the walk ---- */

/* Behind the attributes of an entry whose length varies; 0 = malformed. */
static uint64_t diescan_slow(struct diescan_thread *t,
			     const struct die_abbrev *a, const uint8_t *p,
			     const uint8_t *end, uint64_t *sibling)
{
	struct reader r = { .p = p, .end = end };

	for (uint32_t i = 0; i < a->n; i++) {
		const struct die_spec *s = &t->abbrevs.specs[a->first + i];

		if (s->name == DW_AT_sibling && s->form == DW_FORM_ref4 &&
		    reader_left(&r) >= 4)
			*sibling = t->unit->off + diescan_u32(r.p);
		if (!die_skip(t->unit, s->form, &r))
			return 0;
	}
	return (uint64_t)(r.p - t->base);
}

static void diescan_entry(struct diescan_thread *t,
			  const struct diescan_abbrev *f, uint64_t off,
			  const uint8_t *attrs)
{
	if (f->what == DIESCAN_NAME)
		diescan_type(t, f, off, attrs);
	else if (f->what == DIESCAN_CODE)
		diescan_code(t, f, off);
}

static bool diescan_is_root(uint16_t tag)
{
	return tag == DW_TAG_compile_unit || tag == DW_TAG_partial_unit ||
	       tag == DW_TAG_type_unit;
}

static enum diescan_mode diescan_below(const struct diescan_thread *t,
				       const struct die_abbrev *a,
				       const struct diescan_abbrev *f,
				       enum diescan_mode mode)
{
	if (f->what == DIESCAN_ENTER || diescan_is_root(a->tag))
		return mode;
	if (t->is_c)
		return DIESCAN_NOTHING;
	if (f->what == DIESCAN_NAME)
		return mode;
	if (mode && f->what == DIESCAN_CODE && f->kind != DIESCAN_VARIABLE)
		return DIESCAN_FUNCTIONS;
	return mode == DIESCAN_FUNCTIONS && a->tag == DW_TAG_lexical_block ?
		       DIESCAN_FUNCTIONS : DIESCAN_NOTHING;
}

static void diescan_look(struct diescan_thread *t,
			 const struct diescan_abbrev *f, uint64_t off,
			 const uint8_t *attrs, enum diescan_mode mode)
{
	bool is_function = f->what == DIESCAN_CODE &&
			   f->kind != DIESCAN_VARIABLE;

	if (mode == DIESCAN_ALL || (mode == DIESCAN_FUNCTIONS && is_function))
		diescan_entry(t, f, off, attrs);
}

/* One entry at off; where the walk goes on, 0 = malformed.  enter: are its
 * children next?  Then *mode becomes theirs. */
static uint64_t diescan_step(struct diescan_thread *t, uint64_t off,
			     enum diescan_mode *mode, bool *enter)
{
	const uint8_t *p = t->base + off, *end = t->base + t->unit->end;
	struct reader r = { .p = p, .end = end };
	uint64_t code = *p < 0x80 ? reader_u8(&r) : reader_uleb(&r);
	const struct die_abbrev *a = die_abbrevs_find(&t->abbrevs, code);
	struct diescan_abbrev *f;
	uint64_t next, sibling = 0;

	if (!a || r.bad)
		return 0;
	f = &t->fast[a - t->abbrevs.v];
	if (f->size != DIESCAN_VARIES && f->size <= reader_left(&r)) {
		next = (uint64_t)(r.p - t->base) + f->size;
		if (f->sibling != DIESCAN_VARIES)
			sibling = t->unit->off + diescan_u32(r.p + f->sibling);
	} else {
		next = diescan_slow(t, a, r.p, end, &sibling);
		if (!next)
			return 0;
	}
	diescan_look(t, f, off, r.p, *mode);
	*enter = a->has_children;
	if (!a->has_children)
		return next;
	*mode = diescan_below(t, a, f, *mode);
	if (*mode || sibling <= off || sibling >= t->unit->end)
		return next;
	*enter = false;
	return sibling;
}

static void diescan_walk(struct diescan_thread *t)
{
	uint64_t off = t->unit->root, end = t->unit->end;
	uint8_t modes[DIESCAN_DEPTH_MAX + 1] = { DIESCAN_ALL };
	uint32_t depth = 0;
	enum diescan_mode mode;
	bool enter;

	while (off < end) {
		if (!t->base[off]) {
			if (!depth || !--depth)
				return;
			off++;
			continue;
		}
		mode = (enum diescan_mode)modes[depth];
		off = diescan_step(t, off, &mode, &enter);
		if (!off || (enter && ++depth > DIESCAN_DEPTH_MAX) || !depth)
			return;
		if (enter)
			modes[depth] = (uint8_t)mode;
	}
}

static bool diescan_is_c(struct die_unit *u)
{
	uint64_t lang = die_uint((struct dbg_die){ u, u->root },
				 DW_AT_language, DW_LANG_C99);

	return lang == DW_LANG_C89 || lang == DW_LANG_C ||
	       lang == DW_LANG_C99 || lang == DW_LANG_C11 || lang == 0x2c ||
	       lang == DW_LANG_Mips_Assembler;
}

static void diescan_unit(struct diescan_thread *t, uint32_t number)
{
	struct die_unit *u = t->job->units[number];
	bool had = u->abbrevs.v != NULL;

	t->unit = u;
	t->number = number;
	t->base = die_section(u->file, u->in_types ? DIE_TYPES : DIE_INFO).p;
	t->is_c = diescan_is_c(u);
	if (diescan_abbrevs(t))
		diescan_walk(t);
	diescan_add_files(t);
	/* A thousand tables would be much; they are read again if needed. */
	if (!had)
		die_abbrevs_deinit(&u->abbrevs);
}

/* What has been gone through is not kept in memory: of a hundred megabytes a
 * few names are wanted.  Small units go together, when the last is done. */
static void diescan_forget(struct diescan_thread *t, bool last)
{
	const struct die_unit *u = t->unit;

	if (u->file != t->done_file || t->base != t->done_base ||
	    u->off != t->done_end) {
		t->done_file = u->file;
		t->done_base = t->base;
		t->done_from = u->off;
	}
	t->done_end = u->end;
	if (!last && t->done_end - t->done_from < DIESCAN_KEPT)
		return;
	objfile_forget(u->file->obj, t->base + t->done_from,
		       t->done_end - t->done_from);
	t->done_from = t->done_end;
}

static void *diescan_run(void *arg)
{
	struct diescan_thread *t = arg;
	struct diescan_job *job = t->job;
	uint32_t i, end;

	while ((i = atomic_fetch_add(&job->next, DIESCAN_CHUNK)) < job->n) {
		end = MIN(i + DIESCAN_CHUNK, job->n);
		for (uint32_t k = i; k < end; k++) {
			diescan_unit(t, k);
			diescan_forget(t, k + 1 == end);
		}
	}
	return NULL;
}

/* ---- threads ---- */

static void diescan_thread_init(struct diescan_thread *t,
				struct diescan_job *job)
{
	struct die_file *f = job->units[0]->file;

	*t = (struct diescan_thread){ .job = job };
	arena_init(&t->arena);
	for (int i = 0; i < DIESCAN_KINDS; i++)
		map_init(&t->strings[i], &t->arena);
	t->seen_file = f;
	t->seen_size = die_section(f, DIE_STR).size;
}

static void diescan_thread_deinit(struct diescan_thread *t)
{
	for (int i = 0; i < DIESCAN_KINDS; i++)
		free(t->seen[i]);
	die_abbrevs_deinit(&t->abbrevs);
	free(t->fast);
	arena_deinit(&t->arena);
}

static void diescan_forget_unit(const struct die_unit *u)
{
	struct objfile_data d = die_section(u->file, u->in_types ? DIE_TYPES :
								   DIE_INFO);

	objfile_forget(u->file->obj, d.p + u->off, u->end - u->off);
}

/* Short names stand in the entries themselves. */
static struct str diescan_keep(const struct die_unit *u, struct arena *a,
			       struct str name)
{
	struct objfile_data d = die_section(u->file, u->in_types ? DIE_TYPES :
								   DIE_INFO);
	const uint8_t *p = (const uint8_t *)name.s;

	return d.p && p >= d.p && p < d.p + d.size ? arena_str(a, name) : name;
}

/* Takes what a thread found; its types only if no other had them. */
static void diescan_take(const struct diescan_thread *t, struct map types[],
			 struct arena *a, struct diescan_names *ret)
{
	struct die_unit *last = NULL;

	ret->is_cross |= t->names.is_cross;
	for (uint32_t i = 0; i < t->names.n; i++) {
		struct diescan_name *n = &t->names.v[i];
		struct die_unit *u = t->job->units[n->unit];

		if (last && u != last)
			diescan_forget_unit(last);
		last = u;
		if (!n->name.len && n->kind < DIESCAN_STRUCT + DIESCAN_EXTERNAL)
			n->name = die_name((struct dbg_die){ u,
							     u->off + n->off });
		if (!n->name.len)
			continue;
		n->name = diescan_keep(u, a, n->name);
		/* A header has code in many units, and each is one of them. */
		if (n->kind >= DIESCAN_STRUCT && n->kind < DIESCAN_FILE) {
			if (map_find(&types[n->kind], n->name))
				continue;
			map_set(&types[n->kind], n->name, n);
		}
		vec_push(a, ret, *n);
	}
}

static void diescan_prepare_file(struct die_file *f)
{
	static const enum die_section used[] = {
		DIE_INFO, DIE_TYPES, DIE_ABBREV, DIE_STR, DIE_LINE_STR,
		DIE_STR_OFFSETS, DIE_ADDR, DIE_LINE, DIE_RANGES, DIE_RNGLISTS,
	};

	for (uint32_t s = 0; s < ARRAY_SIZE(used); s++)
		die_section(f, used[s]);
	die_by_signature(f, 0);
	/* It looks at the file, once. */
	objfile_forget(f->obj, NULL, 0);
}

/* Reading sections, bases and the table of type units is not for two threads
 * at once.  A split unit's lines and addresses are in its skeleton's file. */
uint64_t diescan_prepare(struct die_unit *const *units, uint32_t n)
{
	struct die_file *last = NULL;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct die_unit *main = units[i]->skeleton;

		bytes += units[i]->end - units[i]->off;
		if (units[i]->file == last)
			continue;
		last = units[i]->file;
		diescan_prepare_file(last);
		if (main)
			diescan_prepare_file(main->file);
	}
	return bytes;
}

void diescan(struct die_unit *const *units, uint32_t n, struct arena *a,
	     struct diescan_names *ret)
{
	struct diescan_job job = { .units = units, .n = n };
	struct diescan_thread *t;
	struct map types[DIESCAN_KINDS];
	bool two = false;
	struct arena scratch;
	pthread_t id;

	*ret = (struct diescan_names){};
	if (!n)
		return;
	two = diescan_prepare(units, n) > DIESCAN_ALONE;
	t = calloc(2, sizeof(*t));
	if (!t)
		abort();
	diescan_thread_init(&t[0], &job);
	diescan_thread_init(&t[1], &job);
	two = two && !pthread_create(&id, NULL, diescan_run, &t[1]);
	diescan_run(&t[0]);
	if (two)
		pthread_join(id, NULL);
	arena_init(&scratch);
	for (int i = 0; i < DIESCAN_KINDS; i++)
		map_init(&types[i], &scratch);
	diescan_take(&t[0], types, a, ret);
	diescan_take(&t[1], types, a, ret);
	arena_deinit(&scratch);
	diescan_thread_deinit(&t[0]);
	diescan_thread_deinit(&t[1]);
	free(t);
}
