/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What resolve.c and the kinds of probes say to each other.  A kind offers
 * forms (form.def), each with a function that makes sites of a point that has
 * this form; resolve.c finds the form.
 */
#ifndef SEMA_RESOLVE_KIND_H
#define SEMA_RESOLVE_KIND_H

#include <stdint.h>

#include "dbg/ctypes_names.h"
#include "dbg/debuginfo.h"
#include "dbg/process.h"
#include "sema/resolve/resolve.h"

/* A program, or a library of it, that a point is about. */
struct user_file {
	struct str program;		/* its path */
	struct str path;		/* of what is probed: the same, or the
					 * library's */
	/* Which tasks: as in struct image_site. */
	uint32_t filter, pid, dev;
	uint64_t ino;
};

/* One point that has the form of a row of form.def. */
struct query {
	struct program *program;
	const struct ast_point *point;
	const struct user_file *user;	/* NULL: it is about the kernel */
	int64_t data;			/* of the row */
	struct sites *ret;
	struct resolve_answer *answer;
	/* Instructions of programs that no probe can be at, which are left
	 * out; and the first: what is said of it, what helps. */
	uint32_t refused;
	struct str refused_text, refused_help;
	struct map listed;		/* texts of sites, lists_names only */
	struct ctypes_names names;	/* of the types that lines tell of */
};

/* Data of the timers that are not of a fixed length. */
enum {
	TIMER_HZ = -1,
	TIMER_JIFFIES = -2,
};

/* Data of functions of the kernel. */
enum {
	FUNCTION_RETURN = 1,
};

/* More functions than these share one program. */
#define FUNCTION_FEW 8

/* Data of statements. */
enum {
	STATEMENT_NEAREST = 1,
};

/* Data of callees: those proper only, or their returns. */
enum {
	CALLEE_RETURNS = FUNCTION_RETURN,
	CALLEE_CALLS,
};

/* The functions that form.def names. */
enum resolve_status function_resolve(struct query *q);
enum resolve_status module_function_resolve(struct query *q);
enum resolve_status kprobe_resolve(struct query *q);
enum resolve_status kprobe_address_resolve(struct query *q);
enum resolve_status statement_resolve(struct query *q);
enum resolve_status statement_absolute_resolve(struct query *q);
enum resolve_status debug_function_resolve(struct query *q);
enum resolve_status label_resolve(struct query *q);
enum resolve_status callee_resolve(struct query *q);
enum resolve_status begin_resolve(struct query *q);
enum resolve_status timer_resolve(struct query *q);
enum resolve_status timer_profile_resolve(struct query *q);
enum resolve_status tracepoint_resolve(struct query *q);
enum resolve_status module_tracepoint_resolve(struct query *q);
enum resolve_status perf_resolve(struct query *q);
enum resolve_status perf_event_resolve(struct query *q);
enum resolve_status perf_cache_resolve(struct query *q);
enum resolve_status process_resolve(struct query *q);
enum resolve_status user_function_resolve(struct query *q);
enum resolve_status user_statement_resolve(struct query *q);
enum resolve_status user_inline_resolve(struct query *q);
enum resolve_status user_label_resolve(struct query *q);
enum resolve_status user_callee_resolve(struct query *q);
enum resolve_status user_address_resolve(struct query *q);
enum resolve_status user_absolute_resolve(struct query *q);
enum resolve_status user_data_resolve(struct query *q);
enum resolve_status mark_resolve(struct query *q);
enum resolve_status plt_resolve(struct query *q);
enum resolve_status syscall_resolve(struct query *q);
enum resolve_status watch_resolve(struct query *q);
enum resolve_status procfs_resolve(struct query *q);
enum resolve_status netfilter_resolve(struct query *q);

/* Does the point mean functions with code of their own only? */
enum dbg_which debug_which(const struct query *q);

/* The functions that the point's function("name@file:line") means, by debug
 * information; and one of them as a site, at its entry: false = there is no
 * symbol to find it by. */
enum resolve_status debug_functions(struct query *q, enum dbg_which which,
				    struct dbg_functions *ret);
bool debug_function_add(struct query *q, const struct dbg_function *f);
bool debug_return_add(struct query *q, const struct dbg_function *f);

struct debug_source;
/* May the point's sites be lines of a list? */
bool query_takes_lines(const struct query *q);

/* What lists say of the variables where the function of types begins; many: as
 * one of many that are probed. */
typedef struct str function_vars(struct query *q, struct ctypes *types,
				 uint32_t id, bool many);
/* All of these as lines of a list, if there is an index: else false.  Functions
 * that types describe are known by their names; which these are, is_described
 * then says by id, and vars tells of them (NULL = none is). */
bool function_list(struct query *q, struct debug_source *src,
		   enum dbg_which which, struct ctypes *types,
		   bool *is_described, function_vars *vars);

/* Asks for each file that the point means, which query.user and the point then
 * say; what is found in any of them is found. */
typedef enum resolve_status user_resolver(struct query *q);
enum resolve_status user_each_file(struct query *q, user_resolver *resolve);

/* The site in the file at hand whose code is at a link-time address; false =
 * that is not in the file, or there can be no probe.  pc becomes where the
 * probe is: behind what does nothing and cannot be probed. */
bool user_place(struct query *q, uint64_t *pc, struct image_site *ret);

/* The answer to a point of whose places none can be probed, or a warning of
 * those that are left out. */
void user_tell_refused(struct query *q, bool found);

/* May returns of functions of the file at hand be probed, if q is about them?
 * c: what is said to be wrong otherwise. */
bool user_may_return(struct query *q, const struct ast_component *c);

/* Where to probe the function that is entered at pc: behind an instruction that
 * only marks the place, which costs a second trap. */
uint64_t user_entry(const struct query *q, uint64_t pc);

/* The component of this name; NULL = the point has none. */
const struct ast_component *query_component(const struct query *q,
					    const char *name);

/* The point in its canonical spelling: `process("/bin/ls").begin`. */
struct str query_text(const struct query *q);

/* As query_text(), with other text for the argument of component i. */
struct str query_text_with(const struct query *q, uint32_t i,
			   struct str string);

/* Adds a site; the rest of it is for the caller to fill in.  It is valid
 * until the next one. */
struct site *query_site(struct query *q, enum image_probe_kind kind,
			struct str point);

/* No sites: sets the answer and returns RESOLVE_NOTHING. */
enum resolve_status query_nothing(struct query *q, struct span span,
				  enum diag_code code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same, with the message and the hint of e, which it frees. */
enum resolve_status query_err(struct query *q, struct span span,
			      enum diag_code code, struct err *e);

/* The kernel's symbols: nothing is read of them before the first question. */
struct kallsyms *program_symbols(struct program *p);

/* Adds the registers of a context of struct pt_regs, for @kregister. */
void scope_add_registers(struct program *p, struct target_scope *s);

/* The $names of a sample, timer.profile's too: none but registers. */
const struct target_scope *perf_scope(struct program *p);

/* The most samples in a second that the kernel allows. */
int64_t perf_max_rate(const struct program *p);

/* FILTER_TARGET if -c or -x says which processes are meant, else 0. */
uint32_t process_target_filter(const struct program *p);

/* Where programs are found by name: PATH. */
struct str process_search_path(const struct program *p);

/* The programs that process("name") means; at least one. */
struct err *process_programs(const struct program *p, struct str name,
			     struct process_files *ret) must_check;

#endif
