/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of the kernel as people read them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/kallsyms.h"
#include "dbg/world.h"
#include "run/codelines.h"
#include "run/intrinsic.h"

#define STACK_TEXT_MAX (64u << 10)

static struct kallsyms *symbols(struct host *h)
{
	if (!h->kallsyms && h->world)
		h->kallsyms = kallsyms_create(h->world);
	return h->kallsyms;
}

static void say_hidden(struct host *h, const struct err *e)
{
	if (!e || e->code != ERR_PERMISSION || h->said_hidden)
		return;
	h->said_hidden = true;
	output_warn(h->out, "%s: %s", e->msg, e->hint ? e->hint : "");
}

/* The symbol at or below addr; false = there is none. */
static bool find(struct host *h, uint64_t addr, struct kallsym *ret)
{
	struct err *e;

	*ret = (struct kallsym){};
	/* Offsets in what each processor has are no addresses. */
	if (!(addr >> 63) || !symbols(h))
		return false;
	e = kallsyms_at(h->kallsyms, addr, ret);
	say_hidden(h, e);
	err_free(e);
	return !e;
}

/* "name+0x10/0x80 [module]", or the address; "/0x80" only if with_size. */
static void add_data(struct host *h, struct buf *b, uint64_t addr,
		     bool with_size)
{
	struct kallsym sym;

	if (!find(h, addr, &sym)) {
		buf_printf(b, "0x%llx", (unsigned long long)addr);
		return;
	}
	buf_printf(b, "%" STR_FMT "+0x%llx", STR_ARG(sym.name),
		   (unsigned long long)(addr - sym.addr));
	if (sym.size && with_size)
		buf_printf(b, "/0x%llx", (unsigned long long)sym.size);
	buf_printf(b, " [%" STR_FMT "]",
		   STR_ARG(sym.module.len ? sym.module : STR("kernel")));
}

enum step intrinsic_symbol(struct host *h, const struct value *args)
{
	struct kallsym sym = {};
	struct err *e;

	if (symbols(h)) {
		e = kallsyms_find(h->kallsyms, args[0].s, &sym);
		say_hidden(h, e);
		if (e)
			sym.addr = 0;
		err_free(e);
	}
	host_set_long(h, (int64_t)sym.addr);
	return STEP_ON;
}

enum step intrinsic_sym_name(struct host *h, const struct value *args)
{
	struct kallsym sym;
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)args[0].l);
	host_set_str(h, find(h, (uint64_t)args[0].l, &sym) ? sym.name :
							     str_from(text));
	return STEP_ON;
}

enum step intrinsic_sym_data(struct host *h, const struct value *args)
{
	h->text.len = 0;
	add_data(h, &h->text, (uint64_t)args[0].l, true);
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}

enum step intrinsic_sym_module(struct host *h, const struct value *args)
{
	struct kallsym sym;
	struct str name = STR("");

	if (find(h, (uint64_t)args[0].l, &sym))
		name = sym.module.len ? sym.module : STR("kernel");
	host_set_str(h, name);
	return STEP_ON;
}

bool symbols_next_address(struct str *rest, uint64_t *ret)
{
	while (rest->len) {
		int64_t blank = str_find_char(*rest, ' ');
		uint32_t n = blank < 0 ? rest->len : (uint32_t)blank;
		char word[32] = "";
		char *end;

		memcpy(word, rest->s, MIN(n, (uint32_t)sizeof(word) - 1));
		*rest = str_sub(*rest, blank < 0 ? n : n + 1, rest->len);
		*ret = strtoull(word, &end, 16);
		if (n && n < sizeof(word) && !*end)
			return true;
	}
	return false;
}

static void add_lines(struct host *h, struct buf *b, struct str stack)
{
	uint64_t addr;

	while (symbols_next_address(&stack, &addr)) {
		buf_printf(b, " 0x%016llx : ", (unsigned long long)addr);
		add_data(h, b, addr, true);
		buf_char(b, '\n');
	}
}

/* As a script keeps them: names alone. */
static void add_names(struct host *h, struct buf *b, struct str stack)
{
	uint64_t addr;

	while (symbols_next_address(&stack, &addr)) {
		add_data(h, b, addr, false);
		buf_char(b, '\n');
	}
}

static void add_caller(struct host *h, struct buf *b, struct str stack)
{
	struct kallsym sym;
	uint64_t addr;

	if (!symbols_next_address(&stack, &addr) ||
	    !symbols_next_address(&stack, &addr))
		return;
	if (find(h, addr, &sym))
		buf_str(b, sym.name);
	else
		buf_printf(b, "0x%llx", (unsigned long long)addr);
	buf_printf(b, " 0x%llx", (unsigned long long)addr);
}

void symbols_write_stack(void *data, struct str addresses, enum stack_as as,
			 struct buf *to)
{
	switch (as) {
	case STACK_AS_ADDRESSES:
		buf_str(to, addresses);
		break;
	case STACK_AS_LINES:
		add_names(data, to, addresses);
		break;
	case STACK_AS_USER:
	case STACK_AS_USER_LINES:
	case STACK_AS_PLACE:
	case STACK_AS_CODE:
		break;	/* usym.c's */
	case STACK_AS_CALLER:
		add_caller(data, to, addresses);
		break;
	}
}

enum step intrinsic_stack_lines(struct host *h, const struct value *args)
{
	h->text.len = 0;
	add_names(h, &h->text, args[0].s);
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}

enum step intrinsic_print_stack(struct host *h, const struct value *args)
{
	add_lines(h, output_buf(h->out), args[0].s);
	output_settle(h->out);
	return STEP_ON;
}

/* ---- stacks of other threads ---- */

/* "[<0>] name+0x10/0x80 [module]": the kernel has names only. */
static void add_frame(struct host *h, struct buf *b, struct str line)
{
	int64_t from = str_find_char(line, ']'), plus;
	char offset[20] = "";
	struct kallsym sym;
	struct err *e;

	line = str_sub(line, from < 0 ? 0 : (uint32_t)from + 2, line.len);
	plus = str_find_char(line, '+');
	if (plus < 0)
		return;
	e = kallsyms_find(h->kallsyms, str_sub(line, 0, (uint32_t)plus), &sym);
	say_hidden(h, e);
	if (err_drop(e))
		return;
	line = str_sub(line, (uint32_t)plus + 1, sizeof(offset) - 1);
	memcpy(offset, line.s, line.len);
	buf_printf(b, "%s0x%llx", b->len ? " " : "",
		   (unsigned long long)(sym.addr + strtoull(offset, NULL, 16)));
}

enum step intrinsic_task_stack(struct host *h, const struct value *args)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct str rest;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%lld/stack", (long long)args[0].l);
	h->text.len = 0;
	if (symbols(h))
		err_drop(world_read(h->world, path, STACK_TEXT_MAX, &text));
	rest = buf_view(&text);
	while (rest.len) {
		int64_t end = str_find_char(rest, '\n');
		uint32_t n = end < 0 ? rest.len : (uint32_t)end;

		add_frame(h, &h->text, str_sub(rest, 0, n));
		rest = str_sub(rest, n + 1, rest.len);
	}
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}

/* ---- lines of the source ---- */

/* That there is no debug information is said once for each module; false =
 * the lines are not known. */
static bool find_code(struct host *h, const struct kallsym *sym, uint64_t addr,
		      struct dbg_frames *ret)
{
	struct err *e;

	if (!h->codelines)
		h->codelines = codelines_create(h->world, h->debuginfo);
	e = codelines_at(h->codelines, sym, addr, ret);
	if (!e)
		return true;
	if (e->hint)
		output_warn(h->out, "%s: %s", e->msg, e->hint);
	err_free(e);
	return false;
}

void symbols_write_code(struct host *h, uint64_t addr, enum code_what what,
			struct buf *to)
{
	struct dbg_frames frames = {};
	struct kallsym sym;

	if (!find(h, addr, &sym) || !find_code(h, &sym, addr, &frames)) {
		buf_printf(to, "0x%llx", (unsigned long long)addr);
		return;
	}
	if (what != CODE_WHAT_LINE)
		buf_str(to, frames.v[0].file);
	if (what == CODE_WHAT_FILELINE)
		buf_char(to, ':');
	if (what != CODE_WHAT_FILE)
		buf_printf(to, "%u", frames.v[0].line);
}

enum step intrinsic_sym_line(struct host *h, const struct value *args)
{
	h->text.len = 0;
	symbols_write_code(h, (uint64_t)args[0].l, (enum code_what)args[1].l,
			   &h->text);
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}

static void add_place(struct buf *b, const struct dbg_frame *f)
{
	if (f->line)
		buf_printf(b, " at %" STR_FMT ":%u", STR_ARG(f->file), f->line);
	buf_char(b, '\n');
}

/* What was inlined at the address has lines of its own.  is_return: the call
 * is what stands before it. */
static void add_code(struct host *h, struct buf *b, uint64_t addr,
		     bool is_return)
{
	struct dbg_frames frames = {};
	struct dbg_frame last = {};
	struct kallsym sym;

	if (find(h, addr, &sym) && is_return && addr > sym.addr)
		find_code(h, &sym, addr - 1, &frames);
	else if (sym.addr)
		find_code(h, &sym, addr, &frames);
	for (uint32_t i = 0; i + 1 < frames.n; i++) {
		buf_printf(b, " 0x%016llx : %" STR_FMT " (inlined)",
			   (unsigned long long)addr,
			   STR_ARG(frames.v[i].function));
		add_place(b, &frames.v[i]);
	}
	buf_printf(b, " 0x%016llx : ", (unsigned long long)addr);
	add_data(h, b, addr, true);
	if (frames.n)
		last = frames.v[frames.n - 1];
	add_place(b, &last);
}

enum step intrinsic_print_code(struct host *h, const struct value *args)
{
	struct buf *b = output_buf(h->out);
	struct str stack = args[0].s;
	bool is_return = false;
	uint64_t addr;

	while (symbols_next_address(&stack, &addr)) {
		add_code(h, b, addr, is_return);
		is_return = true;
	}
	output_settle(h->out);
	return STEP_ON;
}
