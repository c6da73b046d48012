/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/host.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/vec.h"
#include "dbg/kallsyms.h"
#include "run/codelines.h"
#include "run/engine.h"
#include "run/fold.h"
#include "run/format.h"
#include "run/kmem.h"
#include "run/speculation.h"
#include "run/stacks.h"

#define CHUNK_BYTES (256 * 1024)
#define DEPTH_HARD_MAX 10000
#define STACK_MAX (size_t)(256 << 20)
/* A loop that counts no actions still ends, after so many jumps back for each
 * action that the handler may do. */
#define JUMPS_PER_ACTION 64

struct chunk {
	struct chunk *down;
	size_t size, used;
	char data[] __attribute__((aligned(16)));
};

static void *alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

/* ---- creation ---- */

static void plan_func(struct host *h, const struct image_func *f,
		      uint32_t *ret)
{
	uint32_t n = 0;

	for (uint32_t i = f->first; i < f->first + f->n; i++) {
		const struct image_insn *insn = &h->img->code.v[i];
		bool has = insn->type == IT_STRING && insn->op != OP_STR;

		h->insn_string[i] = has ? n++ : IMAGE_NONE;
	}
	for (uint32_t i = f->first_var; i < f->first_var + f->nvars; i++) {
		bool has = h->img->vars.v[i].type == IT_STRING;

		h->var_string[i] = has ? n++ : IMAGE_NONE;
	}
	*ret = n;
}

static void plan(struct host *h)
{
	const struct image *img = h->img;
	uint32_t nargs = IMAGE_KEYS;

	h->insn_string = alloc(img->code.n, sizeof(uint32_t));
	h->var_string = alloc(img->vars.n, sizeof(uint32_t));
	h->func_strings = alloc(img->funcs.n, sizeof(uint32_t));
	for (uint32_t i = 0; i < img->funcs.n; i++) {
		plan_func(h, &img->funcs.v[i], &h->func_strings[i]);
		nargs = MAX(nargs, img->funcs.v[i].nparams);
	}
	for (uint32_t i = 0; i < img->code.n; i++)
		nargs = MAX(nargs, (uint32_t)img->code.v[i].nargs);
	h->list = alloc(nargs, sizeof(*h->list));
}

static void create_stacks(struct host *h, const struct host_options *o)
{
	uint64_t mark = stacks_mark();
	uint32_t user = o->image->ustacks_map;
	struct stacks_options so = {
		.fd = o->stacks_fd ? o->stacks_fd : -1,
		.user_fd = o->ustacks_fd ? o->ustacks_fd : -1,
		.places_fd = o->places_fd ? o->places_fd : -1,
		.mark = mark,
		.write = symbols_write_stack,
		.write_user = usym_write_stack,
		.data = h,
	};

	if (user != IMAGE_NONE)
		so.user_key = o->image->maps.v[user].key_size;
	store_session(h->store)->stack_mark = mark;
	h->stacks = stacks_create(&so);
}

/* Does it tell lines of the kernel's source?  To open its debug information
 * takes a while, which nobody should have to wait for later. */
static bool tells_lines(const struct image *img)
{
	for (uint32_t i = 0; i < img->code.n; i++) {
		const struct image_insn *insn = &img->code.v[i];

		if (insn->op == OP_INTRIN && (insn->imm == INTRIN_SYM_LINE ||
					      insn->imm == INTRIN_PRINT_CODE))
			return true;
	}
	return false;
}

struct host *host_create(const struct host_options *o)
{
	struct host *h = alloc(1, sizeof(*h));
	const struct image_limits *l = &o->image->limits;

	h->img = o->image;
	h->store = o->store;
	h->out = o->output;
	h->world = o->world;
	h->debuginfo = o->debuginfo;
	create_stacks(h, o);
	h->fold = fold_create(h->img, h->store, h->stacks);
	h->usymbols = o->usymbols;
	h->name = o->name;
	h->strcap = MAX(l->maxstringlen, 2U);
	h->max_depth = MIN(l->maxnesting, (uint32_t)DEPTH_HARD_MAX);
	plan(h);
	if (h->world && tells_lines(h->img)) {
		h->codelines = codelines_create(h->world, h->debuginfo);
		codelines_prepare(h->codelines);
	}
	return h;
}

static void free_stack(struct chunk *c)
{
	while (c) {
		struct chunk *down = c->down;

		free(c);
		c = down;
	}
}

void host_destroy(struct host *h)
{
	if (!h)
		return;
	iter_drop(h, 0);
	free(h->iters);
	free_stack(h->stack);
	kallsyms_destroy(h->kallsyms);
	kmem_destroy(h->kmem);
	codelines_destroy(h->codelines);
	fold_destroy(h->fold);
	stacks_destroy(h->stacks);
	speculations_destroy(h->speculations);
	free(h->insn_string);
	free(h->var_string);
	free(h->func_strings);
	free(h->list);
	buf_deinit(&h->error_text);
	buf_deinit(&h->ret_text);
	buf_deinit(&h->text);
	buf_deinit(&h->buckets);
	buf_deinit(&h->match.text);
	buf_deinit(&h->token.text);
	free(h);
}

/* ---- frames ---- */

static void *stack_alloc(struct host *h, size_t n)
{
	struct chunk *c = h->stack;
	void *p;

	n = (n + 15) & ~(size_t)15;
	if (!c || c->size - c->used < n) {
		size_t size = MAX(n, (size_t)CHUNK_BYTES);

		c = malloc(sizeof(*c) + size);
		if (!c)
			abort();
		*c = (struct chunk){ .down = h->stack, .size = size };
		h->stack = c;
	}
	p = c->data + c->used;
	c->used += n;
	h->stack_bytes += n;
	return p;
}

/* The newest allocation goes. */
static void stack_free(struct host *h, void *p)
{
	struct chunk *c = h->stack;
	size_t used = (size_t)((char *)p - c->data);

	h->stack_bytes -= c->used - used;
	c->used = used;
	if (!c->used && c->down) {
		h->stack = c->down;
		free(c);
	}
}

static uint32_t func_number(const struct host *h, const struct image_func *f)
{
	return (uint32_t)(f - h->img->funcs.v);
}

static void push(struct host *h, const struct image_func *f)
{
	size_t nvalues = (size_t)f->n + f->nvars;
	size_t strings = (size_t)h->func_strings[func_number(h, f)];
	size_t fixed = sizeof(struct frame) + nvalues * sizeof(struct value);
	struct frame *fr = stack_alloc(h, fixed + strings * h->strcap);

	memset(fr, 0, fixed);
	fr->up = h->frame;
	fr->func = f;
	fr->first_iter = h->niters;
	fr->slots = (struct value *)(void *)(fr + 1);
	fr->vars = fr->slots + f->n;
	fr->strings = (char *)(fr->vars + f->nvars);
	for (uint32_t i = 0; i < f->nvars; i++)
		fr->vars[i].type = h->img->vars.v[f->first_var + i].type;
	h->frame = fr;
}

static void pop(struct host *h)
{
	struct frame *fr = h->frame;

	iter_drop(h, fr->first_iter);
	h->frame = fr->up;
	stack_free(h, fr);
}

static const struct image_block *block_of(const struct host *h,
					  const struct frame *fr)
{
	return &h->img->blocks.v[fr->func->first_block + fr->block];
}

/* ---- what operations use ---- */

const struct image_insn *host_insn(const struct host *h, uint32_t insn)
{
	return &h->img->code.v[h->frame->func->first + insn];
}

const struct value *host_list(struct host *h, const struct image_insn *i)
{
	for (uint32_t k = 0; k < i->nargs; k++) {
		uint32_t arg = h->img->args.v[i->args + k];

		h->list[k] = arg == IMAGE_NONE ? (struct value){} :
						 h->frame->slots[arg];
	}
	return h->list;
}

const struct value *host_keys(struct host *h, const struct image_insn *i)
{
	host_list(h, i);
	if (i->nargs)
		fold_keys(h->fold, (uint32_t)i->imm, h->list);
	return h->list;
}

struct str host_text(const struct host *h, uint32_t insn)
{
	return stacks_text(h->stacks, host_str(h, insn));
}

const struct value *host_texts(struct host *h, const struct image_insn *i)
{
	host_list(h, i);
	for (uint32_t k = 0; k < i->nargs; k++)
		h->list[k] = stacks_value(h->stacks, h->list[k]);
	return h->list;
}

static struct value *result(const struct host *h)
{
	const struct frame *fr = h->frame;

	return &fr->slots[block_of(h, fr)->first + fr->at];
}

void host_set_long(struct host *h, int64_t l)
{
	*result(h) = value_long(l);
}

static struct str copy_str(struct host *h, struct frame *fr, uint32_t buffer,
			   struct str s)
{
	char *to = fr->strings + (size_t)buffer * h->strcap;

	if (s.len >= h->strcap) {
		s.len = h->strcap - 1;
		if (h->probe != IMAGE_NONE)
			++*store_loss(h->store, h->probe, LOSS_STRING);
	}
	if (s.len)
		memmove(to, s.s, s.len);
	return (struct str){ to, s.len };
}

void host_set_str(struct host *h, struct str s)
{
	struct frame *fr = h->frame;
	uint32_t insn = fr->func->first + block_of(h, fr)->first + fr->at;

	*result(h) = value_str(copy_str(h, fr, h->insn_string[insn], s));
}

enum step host_raise(struct host *h, enum image_error kind)
{
	h->error.kind = kind;
	h->error.operand = 0;
	h->error.text = STR("");
	return STEP_RAISE;
}

enum step host_raise_text(struct host *h, enum image_error kind,
			  struct str text)
{
	host_raise(h, kind);
	h->error_text.len = 0;
	buf_str(&h->error_text, text);
	h->error.text = buf_view(&h->error_text);
	return STEP_RAISE;
}

/* ---- control ---- */

static void set_var(struct host *h, struct frame *fr, uint32_t var,
		    struct value v)
{
	uint32_t buffer = h->var_string[fr->func->first_var + var];

	if (v.type == IT_STRING)
		v.s = copy_str(h, fr, buffer, v.s);
	fr->vars[var] = v;
}

static enum step get(struct host *h, const struct image_insn *i)
{
	struct value v = h->frame->vars[i->imm];

	if (v.type == IT_STRING)
		host_set_str(h, v.s);
	else
		host_set_long(h, v.l);
	return STEP_ON;
}

static enum step set(struct host *h, const struct image_insn *i)
{
	set_var(h, h->frame, (uint32_t)i->imm, h->frame->slots[i->a]);
	return STEP_ON;
}

static enum step go(struct host *h, uint32_t block)
{
	struct frame *fr = h->frame;

	if (block <= fr->block && h->jumps-- <= 0)
		return host_raise(h, IERR_ACTIONS);
	fr->block = block;
	fr->at = 0;
	return STEP_GO;
}

static enum step jump(struct host *h, const struct image_insn *i)
{
	return go(h, i->b);
}

static enum step branch(struct host *h, const struct image_insn *i)
{
	return go(h, host_long(h, i->a) ? i->b : i->c);
}

static enum step leave(struct host *h, const struct image_insn *i)
{
	(void)h;
	(void)i;
	return STEP_LEAVE;
}

static enum step call(struct host *h, const struct image_insn *i)
{
	const struct image_func *f = &h->img->funcs.v[i->imm];
	const struct value *args = host_list(h, i);

	if (h->depth + 1 >= h->max_depth || h->stack_bytes > STACK_MAX)
		return host_raise(h, IERR_NESTING);
	h->depth++;
	push(h, f);
	for (uint32_t k = 0; k < f->nparams; k++)
		set_var(h, h->frame, k, args[k]);
	return STEP_GO;
}

/* What the function that ends gives to its caller. */
static struct value returned(const struct host *h, const struct image_insn *i)
{
	const struct image_func *f = h->frame->func;
	struct value none = { .type = f->type };

	return i->a == IMAGE_NONE ? none : h->frame->slots[i->a];
}

static void keep_return(struct host *h, struct value v)
{
	h->ret = v;
	if (v.type != IT_STRING)
		return;
	h->ret_text.len = 0;
	buf_str(&h->ret_text, v.s);
	h->ret.s = buf_view(&h->ret_text);
}

static enum step ret(struct host *h, const struct image_insn *i)
{
	struct value v = returned(h, i);

	if (!h->frame->up) {
		keep_return(h, v);
		return STEP_LEAVE;
	}
	/* The bytes of v lie in the frame that goes: its memory stays as it
	 * is until they have been copied. */
	keep_return(h, v);
	pop(h);
	h->depth--;
	if (v.type == IT_STRING)
		host_set_str(h, h->ret.s);
	else if (v.type == IT_LONG)
		host_set_long(h, v.l);
	return STEP_ON;
}

static enum step raise(struct host *h, const struct image_insn *i)
{
	struct value v = {};

	if (i->a != IMAGE_NONE)
		v = h->frame->slots[i->a];
	if (v.type == IT_STRING)
		return host_raise_text(h, (enum image_error)i->imm,
				       stacks_text(h->stacks, v.s));
	host_raise(h, (enum image_error)i->imm);
	h->error.operand = (uint64_t)v.l;
	return STEP_RAISE;
}

static enum step tick(struct host *h, const struct image_insn *i)
{
	h->actions -= i->imm;
	return h->actions < 0 ? host_raise(h, IERR_ACTIONS) : STEP_ON;
}

bool host_lock(struct host *h)
{
	if (!h->locked)
		h->locked = store_lock(h->store);
	if (!h->locked && h->probe != IMAGE_NONE)
		++*store_loss(h->store, h->probe, LOSS_LOCK);
	return h->locked;
}

void host_unlock(struct host *h)
{
	if (h->locked)
		store_unlock(h->store);
	h->locked = false;
}

/* aux: the lock is for one operation alone, which may stand where the handler
 * holds it already; then the UNLOCK behind it leaves it. */
static enum step lock(struct host *h, const struct image_insn *i)
{
	h->lock_stays = i->aux && h->locked;
	return host_lock(h) ? STEP_ON : STEP_SKIP;
}

static enum step unlock(struct host *h, const struct image_insn *i)
{
	if (!i->aux || !h->lock_stays)
		host_unlock(h);
	return STEP_ON;
}

static enum step cond(struct host *h, const struct image_insn *i)
{
	(void)i;
	h->cond_changed = true;
	return STEP_ON;
}

static enum step catch_message(struct host *h, const struct image_insn *i)
{
	(void)i;
	h->text.len = 0;
	run_error_message(&h->error, &h->text);
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}

static enum step print(struct host *h, const struct image_insn *i)
{
	format_text(h->img, (uint32_t)i->imm, host_texts(h, i), i->nargs,
		    output_buf(h->out));
	if (!h->locked)
		output_settle(h->out);
	return STEP_ON;
}

/* Operations that have no function are the kernel's: image_check() lets none
 * into host code. */
static const eval_fn ops[OP_N] = {
	[OP_CONST] = eval_const, [OP_STR] = eval_str,
	[OP_ACCESS] = eval_access,
	[OP_LOAD] = eval_load, [OP_LOAD_STR] = eval_load_str,
	[OP_GET] = get, [OP_SET] = set,
	[OP_ADD] = eval_binary, [OP_SUB] = eval_binary,
	[OP_MUL] = eval_binary, [OP_DIV] = eval_divide,
	[OP_MOD] = eval_divide, [OP_AND] = eval_binary,
	[OP_OR] = eval_binary, [OP_XOR] = eval_binary,
	[OP_SHL] = eval_binary, [OP_SHR] = eval_binary,
	[OP_USHR] = eval_binary, [OP_NEG] = eval_unary,
	[OP_INV] = eval_unary, [OP_BITS] = eval_bits,
	[OP_EQ] = eval_binary, [OP_NE] = eval_binary,
	[OP_LT] = eval_binary, [OP_LE] = eval_binary,
	[OP_GT] = eval_binary, [OP_GE] = eval_binary,
	[OP_STR_EQ] = eval_str_eq, [OP_STR_CMP] = eval_str_cmp,
	[OP_STR_CAT] = eval_str_cat, [OP_STR_FMT] = eval_str_fmt,
	[OP_JMP] = jump, [OP_BR] = branch, [OP_RET] = ret, [OP_NEXT] = leave,
	[OP_RAISE] = raise, [OP_TICK] = tick, [OP_CALL] = call,
	[OP_CATCH_MSG] = catch_message,
	[OP_GGET] = eval_read, [OP_GSET] = eval_write, [OP_GADD] = eval_add,
	[OP_AGET] = eval_read, [OP_ASET] = eval_write, [OP_AADD] = eval_add,
	[OP_AHAS] = eval_has, [OP_ADEL] = eval_delete,
	[OP_STAT_ADD] = eval_stat_add, [OP_STAT_GET] = eval_stat_get,
	[OP_STAT_CLEAR] = eval_stat_clear,
	[OP_LOCK] = lock, [OP_UNLOCK] = unlock, [OP_COND] = cond,
	[OP_ITER_NEW] = eval_iter_new, [OP_ITER_NEXT] = eval_iter_next,
	[OP_ITER_KEY] = eval_iter_key, [OP_ITER_VALUE] = eval_iter_value,
	[OP_ITER_STAT] = eval_iter_stat, [OP_ITER_END] = eval_iter_end,
	[OP_PRINT] = print, [OP_PRINT_HIST] = eval_hist,
	[OP_HIST_STR] = eval_hist,
	[OP_INTRIN] = intrinsic_run, [OP_MATCH] = eval_match,
};

/* Not that there were too many actions: a loop around a try could go on for
 * ever. */
static bool is_catchable(const struct host *h)
{
	return h->error.kind != IERR_ACTIONS && h->error.kind != IERR_ABORT;
}

/* Goes to the block that catches the error, out of functions if need be; false
 * = nothing catches it. */
static bool unwind(struct host *h)
{
	bool catchable = is_catchable(h);

	for (;;) {
		uint32_t block = block_of(h, h->frame)->catch;

		if (catchable && block != IMAGE_NONE) {
			h->frame->block = block;
			h->frame->at = 0;
			return true;
		}
		if (!h->frame->up)
			return false;
		pop(h);
		h->depth--;
	}
}

/* Where the error is shown: in the user's script, at the call of a function of
 * the library that failed. */
static uint32_t place_of(const struct host *h)
{
	const struct frame *fr = h->frame;

	while (fr->func->is_library && fr->up)
		fr = fr->up;
	return h->img->code.v[fr->func->first + block_of(h, fr)->first +
			      fr->at].place;
}

static enum host_status run(struct host *h)
{
	for (;;) {
		const struct frame *fr = h->frame;
		const struct image_block *b = block_of(h, fr);
		const struct image_insn *i = host_insn(h, b->first + fr->at);

		switch (ops[i->op](h, i)) {
		case STEP_ON:
			h->frame->at++;
			break;
		case STEP_GO:
			break;
		case STEP_RAISE:
			h->error.place = place_of(h);
			if (!unwind(h))
				return HOST_ERROR;
			break;
		case STEP_LEAVE:
			return HOST_DONE;
		case STEP_SKIP:
			return HOST_SKIPPED;
		}
	}
}

/* ---- calls ---- */

static int64_t action_budget(const struct host *h)
{
	/* As SystemTap has it for what may be interrupted: ten times. */
	return (int64_t)h->img->limits.maxaction * 10;
}

static void check_args(const struct host *h, const struct image_func *f,
		       const struct value *args, uint32_t nargs)
{
	if (nargs != f->nparams)
		abort();
	for (uint32_t k = 0; k < nargs; k++) {
		if (args[k].type != h->img->vars.v[f->first_var + k].type)
			abort();
	}
}

enum host_status host_call(struct host *h, uint32_t func, uint32_t probe,
			   const struct value *args, uint32_t nargs,
			   struct value *ret_value, struct run_error *err)
{
	const struct image_func *f = &h->img->funcs.v[func];
	enum host_status status;

	check_args(h, f, args, nargs);
	store_begin(h->store);
	stacks_forget(h->stacks);
	fold_begin(h->fold);
	h->probe = image_origin(h->img, probe, &h->site);
	h->depth = 0;
	h->actions = action_budget(h);
	h->jumps = JUMPS_PER_ACTION * (h->actions + 1000);
	h->ret = (struct value){ .type = f->type };
	push(h, f);
	for (uint32_t k = 0; k < nargs; k++)
		set_var(h, h->frame, k, args[k]);
	status = run(h);
	while (h->frame)
		pop(h);
	host_unlock(h);
	output_settle(h->out);
	if (ret_value)
		*ret_value = h->ret;
	if (err && status == HOST_ERROR)
		*err = h->error;
	return status;
}

void host_set_value(struct host *h, struct buf *text, uint32_t max)
{
	h->value = text;
	h->value_max = max;
}

bool host_cond_changed(struct host *h)
{
	bool changed = h->cond_changed;

	h->cond_changed = false;
	return changed;
}

/* ---- records ---- */

struct reader {
	const uint8_t *p;
	uint32_t left;
};

static const void *take(struct reader *r, uint32_t n)
{
	const uint8_t *p = r->p;

	if (r->left < n)
		return NULL;
	r->p += n;
	r->left -= n;
	return p;
}

static bool take_value(struct reader *r, uint8_t type, struct value *ret)
{
	const void *p = take(r, 8);
	uint32_t sizes[2];

	if (!p)
		return false;
	if (type == IT_LONG) {
		*ret = value_decode_long(p);
		return true;
	}
	memcpy(sizes, p, sizeof(sizes));
	p = take(r, sizes[1]);
	if (p && sizes[0] == UINT32_MAX)
		sizes[0] = (uint32_t)strnlen(p, sizes[1]);
	if (!p || sizes[0] > sizes[1] || sizes[1] % 8)
		return false;
	*ret = value_str((struct str){ p, sizes[0] });
	return true;
}

static struct err *bad_record(uint32_t len)
{
	return err_new(ERR_FORMAT, "a record from the kernel, of %u bytes, "
		       "is not well formed", len);
}

struct err *host_record(struct host *h, const void *data, uint32_t len,
			enum host_status *ret_status, struct run_error *err)
{
	struct reader r = { data, len };
	const void *head = take(&r, sizeof(struct image_record));
	const struct image_func *f;
	struct image_record rec;

	if (!head)
		return bad_record(len);
	memcpy(&rec, head, sizeof(rec));
	if (rec.func >= h->img->funcs.n)
		return bad_record(len);
	f = &h->img->funcs.v[rec.func];
	for (uint32_t k = 0; k < f->nparams; k++) {
		if (!take_value(&r, h->img->vars.v[f->first_var + k].type,
				&h->list[k]))
			return bad_record(len);
	}
	*ret_status = host_call(h, rec.func, rec.probe, h->list, f->nparams,
				NULL, err);
	return NULL;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(host_ops)
{
	for (uint32_t i = 0; i < OP_N; i++) {
		bool of_kernel = op_info[i].flags & OPF_KERNEL;

		TEST(of_kernel == !ops[i]);
	}
}
#endif
