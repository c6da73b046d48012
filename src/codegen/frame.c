/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of a handler: how it begins and ends, its scratch memory, its
 * errors.
 */
#include <assert.h>
#include <string.h>

#include "base/bits.h"
#include "codegen/cg.h"
#include "codegen/fuel.h"
#include "codegen/standin.h"
#include "codegen/stepped.h"

/* The error in the stack lies there as the host is told of it. */
#define ERROR_KIND ((int32_t)offsetof(struct image_control, error))
#define ERROR_OPERAND ((int32_t)offsetof(struct image_control, operand))
#define ERROR_PLACE ((int32_t)offsetof(struct image_control, place))
#define ERROR_SIZE sizeof(struct image_control)

/* ---- scratch ---- */

static bool is_free(const struct cg_fn *fn, uint32_t off, uint32_t size,
		    uint32_t *next)
{
	for (uint32_t i = 0; i < fn->slots.n; i++) {
		const struct cg_slot *s = &fn->slots.v[i];

		if (off < s->off + s->size && s->off < off + size) {
			*next = s->off + s->size;
			return false;
		}
	}
	return true;
}

uint32_t cg_slot(struct cg_fn *fn, uint32_t size)
{
	uint32_t off = CG_SCRATCH_FIRST;

	assert(fn->needs_scratch);
	size = align_up(MAX(size, 8u), 8);
	while (!is_free(fn, off, size, &off))
		;
	vec_push(fn->g->a, &fn->slots, (struct cg_slot){ off, size });
	fn->scratch_end = MAX(fn->scratch_end, off + size);
	return off;
}

void cg_slot_free(struct cg_fn *fn, uint32_t off)
{
	for (uint32_t i = fn->slots.n; i-- > 0;)
		if (fn->slots.v[i].off == off)
			fn->slots.v[i] = fn->slots.v[--fn->slots.n];
}

cg_reg cg_scratch_addr(struct cg_fn *fn, int32_t off)
{
	return code_addi(fn->c, fn->scratch, off);
}

/* Slots of each CPU that the handler chooses from. */
static int32_t nslots(const struct cg_fn *fn)
{
	return fn->can_sleep ? CG_WAIT_SLOTS : CG_SCRATCH_SLOTS;
}

cg_reg cg_slots_first(struct cg_fn *fn)
{
	cg_reg first;

	code_call(fn->c, HELPER_get_smp_processor_id);
	first = code_result(fn->c);
	code_alui(fn->c, BPF_MUL, first, nslots(fn));
	return first;
}

void cg_slot_find(struct cg_fn *fn, int32_t k, cg_reg first, cg_label none)
{
	struct cg_code *c = fn->c;
	int16_t key = cg_word(fn);

	code_store(c, R10, key, code_addi(c, first, k), 4);
	code_map(c, R1, fn->can_sleep ? cg_wait_map(fn->g) :
					cg_scratch_map(fn->g));
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, key);
	code_call(c, HELPER_map_lookup_elem);
	code_mov(c, fn->scratch, R0);
	code_ifi(c, BPF_JEQ, fn->scratch, 0, none);
}

/* Takes slot k of this CPU: to `got`, or on when it is taken already. */
static void try_slot(struct cg_fn *fn, int32_t k, cg_reg first, cg_label got,
		     cg_label none)
{
	struct cg_code *c = fn->c;
	cg_label next = code_label(c);
	cg_reg taken;

	cg_slot_find(fn, k, first, none);
	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		taken = code_const(c, 1);
		code_atomic(c, BPF_XCHG, fn->scratch, CG_SCRATCH_TAKEN, taken);
		code_ifi(c, BPF_JEQ, taken, 0, got);
	} else {
		/* An interrupt between the two gives back what it takes. */
		taken = code_ld(c, fn->scratch, CG_SCRATCH_TAKEN, 8);
		code_ifi(c, BPF_JNE, taken, 0, next);
		code_storei(c, fn->scratch, CG_SCRATCH_TAKEN, 1, 8);
		code_jmp(c, got);
	}
	code_place_label(c, next);
}

/* Takes a free slot of this CPU: tries each in turn, without a loop, of which
 * older verifiers would think that it never ends. */
static void claim(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label got = code_label(c), none = code_label(c);
	cg_reg first;

	fn->scratch = code_reg(c);
	first = cg_slots_first(fn);
	for (int32_t k = 0; k < nslots(fn); k++)
		try_slot(fn, k, first, got, none);
	code_place_label(c, none);
	cg_loss(fn, LOSS_SCRATCH);
	code_jmp(c, fn->out);
	code_place_label(c, got);
	if (fn->niters)
		code_store(c, fn->scratch, CG_SCRATCH_OWN,
			   code_ld(c, R10, cg_word(fn), 4), 8);
}

static void first_values(struct cg_fn *fn)
{
	if (!fn->is_stepped)
		fuel_begin(fn);
	if (fn->uses_token) {
		code_storei(fn->c, fn->scratch, fn->token_text, 0, 1);
		code_storei(fn->c, fn->scratch, fn->token_at, 0, 8);
	}
	cg_match_init(fn);
	cg_save_init(fn);
	for (uint32_t v = 0; v < fn->f->vars.n; v++) {
		struct cg_var *var = &fn->vars[v];

		if (!var->used || !var->needs_init)
			continue;
		if (fn->f->vars.v[v].type == IT_STRING)
			cg_str_clear(fn, var->str);
		else if (var->reg != NO_REG)
			code_movi(fn->c, var->reg, 0);
		else
			code_storei(fn->c, fn->scratch, var->off, 0, 8);
	}
}

static void place_vars(struct cg_fn *fn)
{
	for (uint32_t v = 0; v < fn->f->vars.n; v++) {
		const struct ir_var *iv = &fn->f->vars.v[v];
		struct cg_var *var = &fn->vars[v];

		var->reg = NO_REG;
		if (!var->used)
			continue;
		if (iv->type == IT_STRING)
			continue;	/* when it begins to matter */
		if (var->in_memory) {
			var->off = (int32_t)cg_slot(fn, 8);
		} else {
			var->reg = code_reg(fn->c);
		}
	}
}

void cg_texts_begin(struct cg_fn *fn, uint32_t position)
{
	for (uint32_t v = 0; v < fn->f->vars.n; v++) {
		const struct ir_var *iv = &fn->f->vars.v[v];
		struct cg_var *var = &fn->vars[v];

		if (!var->used || var->from != position || var->off ||
		    iv->type != IT_STRING)
			continue;
		var->off = (int32_t)cg_slot(fn, iv->bound + 1u);
		var->str = cg_scratch_str(var->off, iv->bound);
	}
}

void cg_texts_end(struct cg_fn *fn, uint32_t position)
{
	for (uint32_t v = 0; v < fn->f->vars.n; v++)
		if (fn->vars[v].used && fn->vars[v].to == position &&
		    fn->f->vars.v[v].type == IT_STRING)
			cg_slot_free(fn, (uint32_t)fn->vars[v].off);
}

struct cg_code *cg_func_new(struct cg_fn *fn)
{
	struct cg_code *c = arena_new(fn->g->a, struct cg_code);

	code_init(c, fn->g->a);
	vec_push(fn->g->a, &fn->funcs, c);
	return c;
}

void cg_frame_init(struct cg_fn *fn)
{
	fn->c = cg_func_new(fn);
	fn->scratch_end = CG_SCRATCH_FIRST;
	fn->fuel = NO_REG;
	fn->out = code_label(fn->c);
	for (int k = 0; k < 2; k++) {
		fn->leave[k] = code_label(fn->c);
		fn->fail[k] = code_label(fn->c);
	}
	fn->labels = arena_array(fn->g->a, fn->f->blocks.n + 1, cg_label);
	for (uint32_t b = 0; b < fn->f->blocks.n; b++)
		fn->labels[b] = code_label(fn->c);
	cg_analyze(fn);
	for (uint32_t v = 0; v < fn->f->vars.n; v++)
		if (fn->vars[v].used && (fn->vars[v].in_memory ||
					 fn->f->vars.v[v].type == IT_STRING))
			fn->needs_scratch = true;
	if (fn->uses_token)
		fn->token_text = (int32_t)cg_slot(fn,
			fn->g->img->limits.maxstringlen);
	if (fn->uses_token)
		fn->token_at = (int32_t)cg_slot(fn, 8);
	if (fn->has_verdict)
		fn->verdict = (int32_t)cg_slot(fn, 8);
	if (fn->has_ustack_from)
		fn->ustack_from = (int32_t)cg_slot(fn, 32);
	if (fn->raises_text)
		fn->error_text = (int32_t)cg_slot(fn,
			fn->g->img->limits.maxstringlen);
	place_vars(fn);
	cg_texts_begin(fn, 0);
	if (fn->g->img->count_hits) {
		fn->needs_scratch = true;
		fn->began = (int32_t)cg_slot(fn, 8);
	}
	if (fn->is_stepped || (fn->is_long && fn->needs_scratch))
		fn->error_slot = (int32_t)cg_slot(fn, ERROR_SIZE);
}

/* A word that all processors write: only for who asks (-t). */
static void count_hit(struct cg_fn *fn)
{
	const struct image *img = fn->g->img;
	cg_reg hits = code_map_value(fn->c, img->globals_map,
				     image_hits_off(img, fn->nprobe));

	code_atomic(fn->c, BPF_ADD, hits, 0, code_const(fn->c, 1));
}

static cg_reg now(struct cg_fn *fn)
{
	code_call(fn->c, HELPER_ktime_get_ns);
	return code_result(fn->c);
}

/* The time since the prologue, for who asks. */
static void measure(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	const struct image *img = fn->g->img;
	cg_reg time = now(fn), at;

	code_alu(c, BPF_SUB, time, code_ld(c, fn->scratch, fn->began, 8));
	at = code_map_value(c, img->globals_map,
			    image_hits_off(img, fn->nprobe) + 8);
	code_atomic(c, BPF_ADD, at, offsetof(struct image_times, sum), time);
	cg_maximize(fn, at, offsetof(struct image_times, max), time);
	code_alui(c, BPF_XOR, time, -1);
	cg_maximize(fn, at, offsetof(struct image_times, min), time);
}

void cg_enter(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_reg session;

	c->place = cg_place(fn->g, fn->probe->span);
	fn->ctx = code_copy(c, R1);
	session = code_map_value(c, fn->g->img->globals_map, 0);
	session = code_ld(c, session, offsetof(struct image_session, state),
			  8);
	code_ifi(c, BPF_JNE, session, SESSION_RUNNING, fn->out);
}

void cg_tail_call(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;

	code_mov(c, R1, fn->ctx);
	code_map(c, R2, fn->progs_map);
	code_movi(c, R3, 0);
	code_call(c, HELPER_tail_call);
}

void cg_prologue(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	const struct image *img = fn->g->img;

	cg_enter(fn);
	standin_begin(fn);
	cg_filter(fn);
	if (img->count_hits)
		count_hit(fn);
	if (fn->needs_scratch) {
		claim(fn);
		if (fn->counts_actions) {
			code_storei(c, fn->scratch, CG_SCRATCH_ACTIONS,
				    (int32_t)MIN(img->limits.maxaction,
						 (uint32_t)INT32_MAX), 8);
		}
	}
	if (img->count_hits)
		code_store(c, fn->scratch, fn->began, now(fn), 8);
	if (fn->has_verdict)
		code_storei(c, fn->scratch, fn->verdict, 1, 8);
	if (fn->has_ustack_from)
		code_storei(c, fn->scratch, fn->ustack_from, 0, 8);
	first_values(fn);
}

void cg_loss(struct cg_fn *fn, enum image_loss l)
{
	cg_reg at = code_map_value(fn->c, fn->g->img->globals_map,
				   fn->g->img->losses_off +
				   8 * (fn->nprobe * LOSS_N + l));

	code_atomic(fn->c, BPF_ADD, at, 0, code_const(fn->c, 1));
}

/* ---- errors ---- */

/* The error is on the stack; of steps and long handlers, in scratch. */
static cg_reg error_base(const struct cg_fn *fn)
{
	return fn->error_slot ? fn->scratch : R10;
}

static int32_t error_at(struct cg_fn *fn, int32_t field)
{
	if (fn->error_slot)
		return fn->error_slot + field;
	if (!fn->error_area)
		fn->error_area = code_stack(fn->c, ERROR_SIZE);
	return fn->error_area + field;
}

static uint32_t field_size(int32_t field)
{
	return field == ERROR_OPERAND ? 8 : 4;
}

static cg_reg error_get(struct cg_fn *fn, int32_t field)
{
	return code_ld(fn->c, error_base(fn), error_at(fn, field),
		       field_size(field));
}

static void error_seti(struct cg_fn *fn, int32_t field, int32_t v)
{
	code_storei(fn->c, error_base(fn), error_at(fn, field), v,
		    field_size(field));
}

/* Where an error goes.  That the handler has done too much is not for it to
 * catch: it would go on for ever. */
static uint32_t catch_of(const struct cg_fn *fn, enum image_error e)
{
	return e == IERR_ACTIONS ? IR_NONE :
				   fn->f->blocks.v[fn->block].catch;
}

/* Recursion leads from an error to a catch block that stands before it. */
static bool is_back(const struct cg_fn *fn, uint32_t to)
{
	return fn->position[to] <= fn->position[fn->block];
}

void cg_raise(struct cg_fn *fn, enum image_error e, cg_reg operand)
{
	struct cg_code *c = fn->c;
	uint32_t catch = catch_of(fn, e);

	error_seti(fn, ERROR_KIND, (int32_t)e);
	if (operand == NO_REG)
		error_seti(fn, ERROR_OPERAND, 0);
	else
		code_store(c, error_base(fn), error_at(fn, ERROR_OPERAND),
			   operand, 8);
	if (catch != IR_NONE && !is_back(fn, catch)) {
		code_jmp(c, fn->labels[catch]);
		return;
	}
	if (catch != IR_NONE) {
		cg_label enough = code_label(c);

		cg_turn(fn, catch, enough);
		code_place_label(c, enough);
		error_seti(fn, ERROR_KIND, IERR_ACTIONS);
	}
	error_seti(fn, ERROR_PLACE, (int32_t)c->place);
	fn->fails[fn->is_locked] = true;
	code_jmp(c, fn->fail[fn->is_locked]);
}

void cg_raise_text(struct cg_fn *fn, struct cg_str text)
{
	uint16_t bound = (uint16_t)(fn->g->img->limits.maxstringlen - 1);

	cg_str_copy(fn, cg_scratch_str(fn->error_text, bound), text);
	cg_raise(fn, IERR_USER, NO_REG);
}

static void count_error(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label few = code_label(c);
	cg_reg session = code_map_value(c, fn->g->img->globals_map, 0);
	cg_reg n = code_const(c, 1);
	int32_t at = offsetof(struct image_session, errors);

	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		code_atomic(c, BPF_ADD | BPF_FETCH, session, at, n);
	} else {
		cg_reg one = code_copy(c, n);

		code_load(c, n, session, at, 8);
		code_atomic(c, BPF_ADD, session, at, one);
	}
	if (fn->g->img->limits.maxerrors)
		code_ifi(c, BPF_JLT, n, fn->g->img->limits.maxerrors, few);
	code_storei(c, session, offsetof(struct image_session, state),
		    SESSION_ERROR, 8);
	code_place_label(c, few);
}

static cg_reg control_record(struct cg_fn *fn, uint32_t size, cg_label lost)
{
	struct cg_code *c = fn->c;
	cg_reg rec;

	code_map(c, R1, cg_control_map(fn->g));
	code_movi(c, R2, size);
	code_movi(c, R3, 0);
	code_call(c, HELPER_ringbuf_reserve);
	rec = code_result(c);
	code_ifi(c, BPF_JEQ, rec, 0, lost);
	code_storei(c, rec, offsetof(struct image_control, probe),
		    (int32_t)fn->nprobe, 4);
	return rec;
}

static void submit(struct cg_fn *fn, cg_reg rec, int32_t flags)
{
	code_mov(fn->c, R1, rec);
	code_movi(fn->c, R2, flags);
	code_call(fn->c, HELPER_ringbuf_submit);
}

/* A record that says no more than its kind; to `lost` when there is no room. */
static void put_control(struct cg_fn *fn, enum control_kind kind,
			cg_label lost)
{
	struct cg_code *c = fn->c;
	cg_reg rec = control_record(fn, sizeof(struct image_control), lost);

	code_storei(c, rec, offsetof(struct image_control, kind),
		    (int32_t)kind, 4);
	code_storei(c, rec, offsetof(struct image_control, error), 0, 4);
	code_storei(c, rec, offsetof(struct image_control, place), -1, 4);
	code_storei(c, rec, offsetof(struct image_control, operand), 0, 8);
	code_storei(c, rec, offsetof(struct image_control, len), 0, 8);
	submit(fn, rec, 0);
}

void cg_ask_space(struct cg_fn *fn, cg_reg tgid)
{
	struct cg_code *c = fn->c;
	cg_label lost = code_label(c);
	cg_reg rec = control_record(fn, sizeof(struct image_control), lost);

	code_storei(c, rec, offsetof(struct image_control, kind),
		    CONTROL_SPACE, 4);
	code_storei(c, rec, offsetof(struct image_control, error), 0, 4);
	code_storei(c, rec, offsetof(struct image_control, place), -1, 4);
	code_store(c, rec, offsetof(struct image_control, operand), tgid, 8);
	code_storei(c, rec, offsetof(struct image_control, len), 0, 8);
	submit(fn, rec, 0);
	code_place_label(c, lost);
}

static void control_exit(struct cg_fn *fn)
{
	cg_label lost = code_label(fn->c), done = code_label(fn->c);

	put_control(fn, CONTROL_EXIT, lost);
	code_jmp(fn->c, done);
	code_place_label(fn->c, lost);
	cg_loss(fn, LOSS_CONTROL);
	code_place_label(fn->c, done);
}

/* One record is enough until the host has looked. */
void cg_cond(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label lost = code_label(c), done = code_label(c);
	cg_reg at = code_map_value(c, fn->g->img->globals_map,
			offsetof(struct image_session, cond_waiting)), old;

	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		old = code_const(c, 1);
		code_atomic(c, BPF_XCHG, at, 0, old);
	} else {
		old = code_ld(c, at, 0, 8);
		code_storei(c, at, 0, 1, 8);
	}
	code_ifi(c, BPF_JNE, old, 0, done);
	put_control(fn, CONTROL_COND, lost);
	code_jmp(c, done);
	code_place_label(c, lost);
	code_storei(c, code_map_value(c, fn->g->img->globals_map,
				      offsetof(struct image_session,
					       cond_waiting)), 0, 0, 8);
	code_place_label(c, done);
}

/* The text of an error("...") goes with its record. */
static void put_text(struct cg_fn *fn, cg_reg rec, uint32_t room)
{
	struct cg_code *c = fn->c;
	cg_label none = code_label(c), done = code_label(c);
	cg_reg kind = error_get(fn, ERROR_KIND);
	struct cg_str text = cg_scratch_str(fn->error_text,
					    (uint16_t)(room - 1));
	cg_reg n;

	code_ifi(c, BPF_JNE, kind, IERR_USER, none);
	n = cg_str_put(fn, code_addi(c, rec, sizeof(struct image_control)),
		       room, text);
	code_alui(c, BPF_SUB, n, 1);
	code_store(c, rec, offsetof(struct image_control, len), n, 8);
	code_jmp(c, done);
	code_place_label(c, none);
	code_storei(c, rec, offsetof(struct image_control, len), 0, 8);
	code_place_label(c, done);
}

/* The record of an error with room for a text. */
static void report_text(struct cg_fn *fn, cg_label lost)
{
	struct cg_code *c = fn->c;
	uint32_t room = align_up(fn->g->img->limits.maxstringlen, 8);
	cg_reg rec = control_record(fn, (uint32_t)ERROR_SIZE + room, lost);

	code_storei(c, rec, offsetof(struct image_control, kind),
		    CONTROL_ERROR, 4);
	code_store(c, rec, offsetof(struct image_control, error),
		   error_get(fn, ERROR_KIND), 4);
	code_store(c, rec, offsetof(struct image_control, place),
		   error_get(fn, ERROR_PLACE), 4);
	code_store(c, rec, offsetof(struct image_control, operand),
		   error_get(fn, ERROR_OPERAND), 8);
	put_text(fn, rec, room);
	submit(fn, rec, 0);
}

/* The same without a text; to `done` when it is out. */
static void report_bare(struct cg_fn *fn, cg_label done)
{
	struct cg_code *c = fn->c;
	cg_reg base = error_base(fn);
	int32_t at = error_at(fn, 0);

	code_storei(c, base, at + (int32_t)offsetof(struct image_control, kind),
		    CONTROL_ERROR, 4);
	code_storei(c, base,
		    at + (int32_t)offsetof(struct image_control, probe),
		    (int32_t)fn->nprobe, 4);
	code_storei(c, base, at + (int32_t)offsetof(struct image_control, len),
		    0, 8);
	code_map(c, R1, cg_control_map(fn->g));
	code_mov(c, R2, base);
	code_alui(c, BPF_ADD, R2, at);
	code_movi(c, R3, ERROR_SIZE);
	code_movi(c, R4, 0);
	code_call(c, HELPER_ringbuf_output);
	code_ifi(c, BPF_JEQ, R0, 0, done);
}

/* An error that nothing catches: told to the host, counted. */
static void report(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label lost = code_label(c), done = code_label(c);

	count_error(fn);
	if (fn->raises_text) {
		report_text(fn, lost);
		code_jmp(c, done);
	} else {
		report_bare(fn, done);
	}
	code_place_label(c, lost);
	cg_loss(fn, LOSS_CONTROL);
	code_place_label(c, done);
}

/* The texts of all errors, 64 bytes each; in the last byte whether the
 * operand comes behind. */
#define ERROR_TEXT 64

static uint32_t error_table(struct cg *g)
{
	char table[IERR_N * ERROR_TEXT] = {};

	for (uint32_t e = 0; e < IERR_N; e++) {
		const char *text = image_error_text((enum image_error)e);
		size_t n = strlen(text);

		assert(n < ERROR_TEXT - 1);
		memcpy(table + e * ERROR_TEXT, text, n);
		table[e * ERROR_TEXT + ERROR_TEXT - 1] =
			image_error_operand((enum image_error)e) == 'L';
	}
	if (!g->error_table)
		g->error_table = 1 + cg_rodata(g, table, sizeof(table), 8);
	return g->error_table - 1;
}

/* text = message of the error's kind, and what stands behind it. */
void cg_catch_msg(struct cg_fn *fn, ir_ref r)
{
	struct cg_code *c = fn->c;
	struct cg_str dst = cg_new_string(fn, r);
	cg_label text = code_label(c), done = code_label(c);
	cg_reg kind = error_get(fn, ERROR_KIND);
	cg_reg row, n;
	struct cg_str fixed;

	code_ifi(c, BPF_JEQ, kind, IERR_USER, text);
	code_ifi(c, BPF_JGE, kind, IERR_N, done);
	code_alui(c, BPF_MUL, kind, ERROR_TEXT);
	row = code_map_value(c, cg_rodata_map(fn->g), error_table(fn->g));
	code_alu(c, BPF_ADD, row, kind);
	fixed = (struct cg_str){ .base = CG_IN_REG, .reg = row,
				 .bound = ERROR_TEXT - 1 };
	n = cg_str_put(fn, cg_str_addr(fn, dst), dst.bound + 1u, fixed);
	code_ifi(c, BPF_JEQ, code_ld(c, row, ERROR_TEXT - 1, 1), 0, done);
	code_alui(c, BPF_SUB, n, 1);
	cg_put_hex(fn, dst, n, error_get(fn, ERROR_OPERAND));
	code_jmp(c, done);
	code_place_label(c, text);
	if (fn->raises_text)
		cg_str_copy(fn, dst, cg_scratch_str(fn->error_text, (uint16_t)
			(fn->g->img->limits.maxstringlen - 1)));
	else
		cg_str_clear(fn, dst);
	code_place_label(c, done);
}

/* ---- the ends ---- */

void cg_exit(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label done = code_label(c);
	cg_reg session = code_map_value(c, fn->g->img->globals_map, 0);
	cg_reg state = code_ld(c, session,
			       offsetof(struct image_session, state), 8);

	code_ifi(c, BPF_JNE, state, SESSION_RUNNING, done);
	code_storei(c, session, offsetof(struct image_session, state),
		    SESSION_STOPPING, 8);
	control_exit(fn);
	code_place_label(c, done);
}

void cg_leave(struct cg_fn *fn)
{
	code_jmp(fn->c, fn->leave[fn->is_locked]);
}

void cg_turn(struct cg_fn *fn, uint32_t block, cg_label enough)
{
	if (fn->is_stepped) {
		stepped_jump(fn, block, enough);
		return;
	}
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO))) {
		code_may_goto(fn->c, enough);
		code_jmp(fn->c, fn->labels[block]);
	} else {
		fuel_turn(fn, block);
		code_jmp(fn->c, enough);
	}
}

/* The ways out, of those who hold the lock and those who don't. */
static void ways_out(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;

	for (int k = 1; k >= 0; k--) {
		if (k && !fn->uses_lock)
			continue;
		fn->is_locked = k;
		if (fn->fails[k]) {
			code_place_label(c, fn->fail[k]);
			if (k)
				cg_unlock(fn);
			report(fn);
			code_jmp(c, fn->leave[0]);
		}
		code_place_label(c, fn->leave[k]);
		if (k) {
			fn->is_locked = true;
			cg_unlock(fn);
		}
	}
}

/* Behind the steps: they are done, or there were too many. */
static void after_steps(struct cg_fn *fn)
{
	struct cg_code *c;
	cg_label enough, done;

	stepped_done(fn);
	enough = code_label(fn->outer.c);
	done = code_label(fn->outer.c);
	stepped_end(fn, enough);
	c = fn->c;
	code_jmp(c, done);
	code_place_label(c, enough);
	if (fn->uses_lock)
		cg_unlock_own(fn);
	error_seti(fn, ERROR_KIND, IERR_ACTIONS);
	error_seti(fn, ERROR_OPERAND, 0);
	error_seti(fn, ERROR_PLACE, (int32_t)c->place);
	report(fn);
	code_place_label(c, done);
}

void cg_exit_code(struct cg_fn *fn)
{
	/* a packet goes on */
	code_movi(fn->c, R0, fn->probe->image.kind == PROBE_NETFILTER);
	code_exit(fn->c);
}

/* What the handler has decided: only 0 is a verdict that programs of BPF can
 * give, besides 1, that the packet goes on. */
static void exit_by_verdict(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_reg v = code_ld(c, fn->scratch, fn->verdict, 8);

	code_storei(c, fn->scratch, CG_SCRATCH_TAKEN, 0, 8);
	code_ifi(c, BPF_JNE, v, 0, fn->out);
	code_movi(c, R0, 0);
	code_exit(c);
}

void cg_epilogue(struct cg_fn *fn)
{
	fn->c->place = cg_place(fn->g, fn->probe->span);
	ways_out(fn);
	if (fn->is_stepped && !fn->by_tail)
		after_steps(fn);
	if (fn->g->img->count_hits)
		measure(fn);
	if (fn->has_verdict)
		exit_by_verdict(fn);
	else if (fn->needs_scratch)
		code_storei(fn->c, fn->scratch, CG_SCRATCH_TAKEN, 0, 8);
	code_place_label(fn->c, fn->out);
	cg_exit_code(fn);
}
