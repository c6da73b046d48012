/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a script asks of the addresses of processes.
 */
#include <stdlib.h>

#include "base/vec.h"
#include "run/intrinsic.h"
#include "run/stacks.h"
#include "run/usymbols.h"

/* Operands: __pid_tgid(), __ktime_ns(), the address. */
static struct usym_place place_of(const struct value *args)
{
	return (struct usym_place){
		.pid = (pid_t)((uint64_t)args[0].l >> 32),
		.time = (uint64_t)args[1].l,
		.addr = (uint64_t)args[2].l,
	};
}

static void write_line(struct host *h, const struct usym_place *p,
		       enum usym_what what, struct buf *to)
{
	uint32_t number;
	struct str file;

	if (!h->usymbols || !usymbols_line(h->usymbols, p, &file, &number)) {
		buf_printf(to, "0x%llx", (unsigned long long)p->addr);
		return;
	}
	if (what != USYM_WHAT_LINE)
		buf_str(to, file);
	if (what == USYM_WHAT_FILELINE)
		buf_char(to, ':');
	if (what != USYM_WHAT_FILE)
		buf_printf(to, "%u", number);
}

static void write_symbol(struct host *h, const struct usym_place *p,
			 enum usym_style style, struct buf *to)
{
	if (h->usymbols)
		usymbols_write(h->usymbols, p, style, to);
	else
		buf_printf(to, "0x%llx", (unsigned long long)p->addr);
}

/* The name without its directories. */
static struct str last_part(struct str path)
{
	uint32_t n = path.len;

	while (n && path.s[n - 1] != '/')
		n--;
	return str_sub(path, n, path.len);
}

/* False = the address is in no file. */
static bool write_module(struct host *h, const struct usym_place *p,
			 enum usym_what what, struct buf *to)
{
	struct usym sym;

	if (!h->usymbols || !usymbols_find(h->usymbols, p, &sym) ||
	    !sym.path.len)
		return false;
	buf_str(to, what == USYM_WHAT_BUILD_ID ? sym.build_id :
						 last_part(sym.path));
	return true;
}

static bool write_place(struct host *h, const struct usym_place *p,
			enum usym_what what, struct buf *to)
{
	switch (what) {
	case USYM_WHAT_NAME:
		write_symbol(h, p, USYM_NAME, to);
		break;
	case USYM_WHAT_DATA:
		write_symbol(h, p, USYM_FULL, to);
		break;
	case USYM_WHAT_FILE:
	case USYM_WHAT_LINE:
	case USYM_WHAT_FILELINE:
		write_line(h, p, what, to);
		break;
	case USYM_WHAT_MODULE:
	case USYM_WHAT_BUILD_ID:
		return write_module(h, p, what, to);
	}
	return true;
}

static enum step no_module(struct host *h, uint64_t addr)
{
	host_raise(h, IERR_NO_USER_MODULE);
	h->error.operand = addr;
	return STEP_RAISE;
}

static enum step set_text(struct host *h)
{
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}

enum step intrinsic_usym(struct host *h, const struct value *args)
{
	struct usym_place p = place_of(args + 1);

	h->text.len = 0;
	if (!write_place(h, &p, (enum usym_what)args[0].l, &h->text))
		return no_module(h, p.addr);
	return set_text(h);
}

enum step intrinsic_usym_base(struct host *h, const struct value *args)
{
	struct usym_place p = place_of(args);
	struct usym sym;

	if (!h->usymbols || !usymbols_find(h->usymbols, &p, &sym))
		return no_module(h, p.addr);
	host_set_long(h, (int64_t)sym.base);
	return STEP_ON;
}

/* ---- stacks ---- */

/* A stack, given by its addresses as text, is written address by address. */
struct writer {
	struct host *h;
	struct usym_place place;
	enum usym_style style;
	struct buf *to;
	uint32_t n;		/* addresses so far */
};

/* Does a handler of signals return to there?  What is above it on the stack
 * was interrupted: its address is that of the next instruction, not of one
 * behind a call. */
static bool is_signal_return(struct writer *w)
{
	struct usym sym;

	return usymbols_find(w->h->usymbols, &w->place, &sym) &&
	       str_is(sym.name, "__restore_rt");
}

static void write_address(struct writer *w, uint64_t addr)
{
	bool was_signal;

	if (!w->h->usymbols) {
		buf_printf(w->to, " 0x%016llx\n", (unsigned long long)addr);
		return;
	}
	w->place.is_return = false;
	was_signal = w->n && is_signal_return(w);
	w->place.addr = addr;
	w->place.is_return = w->n++ && !was_signal && !is_signal_return(w);
	usymbols_write_frame(w->h->usymbols, &w->place, w->style, w->to);
}

static void write_addresses(struct writer *w, struct str stack)
{
	const struct stacks_user *u = stacks_user(w->h->stacks, stack);
	uint64_t addr;

	if (u) {
		w->place.pid = u->pid;
		w->place.time = u->time;
	}
	while (symbols_next_address(&stack, &addr))
		write_address(w, addr);
}

/* Nobody can be told any more that it is in no file. */
static void write_kept_place(struct host *h, const struct stacks_user *u,
			     enum stack_as as, struct buf *to)
{
	struct usym_place p = { .pid = u->pid, .time = u->time,
				.addr = u->frames[0] };

	if (!write_place(h, &p, (enum usym_what)(as - STACK_AS_PLACE - 1), to))
		buf_str(to, STR("<unknown>"));
}

void usym_write_stack(void *data, const struct stacks_user *u,
		      enum stack_as as, struct buf *to)
{
	struct writer w = {
		.h = data,
		.place = { .pid = u->pid, .time = u->time },
		.style = USYM_SIMPLE,
		.to = to,
	};

	if (as >= STACK_AS_CODE)
		symbols_write_code(data, u->frames[0],
				   (enum code_what)(as - STACK_AS_CODE), to);
	else if (as > STACK_AS_PLACE)
		write_kept_place(data, u, as, to);
	if (as != STACK_AS_USER_LINES)
		return;
	for (uint32_t i = 0; i < u->n; i++)
		write_address(&w, u->frames[i]);
}

enum step intrinsic_print_ustack(struct host *h, const struct value *args)
{
	static const enum usym_style styles[] = {
		[USTACK_STYLE_FULL] = USYM_FULL,
		[USTACK_STYLE_BRIEF] = USYM_BRIEF,
		[USTACK_STYLE_LINE] = USYM_LINE,
	};
	struct writer w = { .h = h, .to = output_buf(h->out) };

	w.place.pid = (pid_t)((uint64_t)args[1].l >> 32);
	w.place.time = (uint64_t)args[2].l;
	w.style = styles[(uint64_t)args[0].l % ARRAY_SIZE(styles)];
	write_addresses(&w, args[3].s);
	output_settle(h->out);
	return STEP_ON;
}

enum step intrinsic_ustack_lines(struct host *h, const struct value *args)
{
	struct writer w = { .h = h, .to = &h->text, .style = USYM_SIMPLE };

	w.place.pid = (pid_t)((uint64_t)args[0].l >> 32);
	w.place.time = (uint64_t)args[1].l;
	h->text.len = 0;
	write_addresses(&w, args[2].s);
	return set_text(h);
}
