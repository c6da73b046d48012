/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the debug information (DWARF) of one ELF file says: functions and
 * their inlined instances, lines, labels, call sites, the variables that are
 * visible at an address and where they live there, types.  Only questions;
 * nothing is read before it is asked for, and an index of names is kept in a
 * cache directory by build-id.
 *
 * All addresses are the file's own ("link-time"): add the load bias.  The
 * sections of a relocatable file (a module's .ko) are laid out one after the
 * other from DEBUGINFO_REL_BASE on; debuginfo_section() says which one an
 * address is in.
 *
 * The bytes are not trusted: what is malformed reads as "not there" or gives
 * ERR_FORMAT.  Names live as long as the debuginfo; lists are in the caller's
 * arena.
 */
#ifndef DBG_DEBUGINFO_H
#define DBG_DEBUGINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/loc.h"
#include "dbg/world.h"

#define DEBUGINFO_REL_BASE UINT64_C(0x100000)

struct debuginfo;

struct die_unit;

/* An entry of the debug information, by value; unit NULL = none. */
struct dbg_die {
	struct die_unit *unit;
	uint64_t off;		/* into .debug_info (.debug_types) */
};

static inline bool dbg_die_eq(struct dbg_die a, struct dbg_die b)
{
	return a.unit == b.unit && a.off == b.off;
}

/* Half open. */
struct dbg_range {
	uint64_t start, end;
};
struct dbg_ranges {
	struct dbg_range *v;
	uint32_t n, cap;
};

/*
 * Opening.  dirs is a list of directories with ':' between, which are looked
 * in first (SPILE_DEBUGINFO_PATH, -d); may be empty.  ERR_NOT_FOUND says where
 * it looked and, in the hint, which package would help.  w must outlive it.
 * ask: servers (debuginfod), too, from which it may be hundreds of megabytes.
 */
struct err *debuginfo_open_kernel(const struct world *w, struct str dirs,
				  bool ask,
				  struct debuginfo **ret) must_check;
/* name as in /proc/modules ("nf_tables"); loaded or not. */
struct err *debuginfo_open_module(const struct world *w, struct str dirs,
				  bool ask, struct str name,
				  struct debuginfo **ret) must_check;
/* An executable or shared library (the path on the machine of w). */
struct err *debuginfo_open_file(const struct world *w, struct str dirs,
				struct str path,
				struct debuginfo **ret) must_check;
/* Takes NULL. */
void debuginfo_close(struct debuginfo *d);

/* Parts of the debug information may be in other files (-gsplit-dwarf, dwz):
 * the name of one that was wanted so far and is not there; empty = none. */
struct str debuginfo_missing(const struct debuginfo *d);

/* The loaded section that addr is in, and the offset into it; false = none.
 * ".data..percpu" holds the kernel's per-CPU variables. */
bool debuginfo_section(struct debuginfo *d, uint64_t addr, struct str *name,
		       uint64_t *offset);
/* The symbol that addr is in, and the offset; is_unique: no other symbol has
 * the name (NULL = is not asked, which needs no table of names).  false =
 * none. */
bool debuginfo_symbol(struct debuginfo *d, uint64_t addr, struct str *name,
		      uint64_t *offset, bool *is_unique);
/* Is addr where the only symbol of this name is? */
bool debuginfo_is_symbol(struct debuginfo *d, struct str name, uint64_t addr);
/* The address of the first symbol of this name; false = none. */
bool debuginfo_find_symbol(struct debuginfo *d, struct str name,
			   uint64_t *ret);

bool debuginfo_is_percpu(struct debuginfo *d, uint64_t addr);

/*
 * "NAME[@FILE[:LINES]]", as the language writes places in the source.  NAME
 * (which may be "SCOPE::NAME") and FILE are shell patterns; FILE matches the whole path or its end from a
 * '/' on.  LINES: "12" "12-20,30" (of the file), "*" (every line); "+3"
 * instead of ":12" counts from the function's declaration.
 */
enum dbg_lines_kind {
	DBG_LINES_NONE,
	DBG_LINES_ABSOLUTE,
	DBG_LINES_RELATIVE,
	DBG_LINES_ALL,
};

struct dbg_line_range {
	uint32_t first, last;
};

struct dbg_pattern {
	struct str name, file;	/* file empty = any */
	struct str scope;	/* of "SCOPE::NAME", the namespaces and
				 * classes; empty = any */
	enum dbg_lines_kind kind;
	struct dbg_line_range *v;
	uint32_t n, cap;
};

/* ERR_FORMAT when text is no such thing. */
struct err *dbg_pattern_parse(struct arena *a, struct str text,
			      struct dbg_pattern *ret) must_check;

/* A function: its own code, or one place where it was inlined. */
struct dbg_function {
	struct str name, linkage;	/* linkage empty = same as name */
	struct str file;		/* of the declaration, as the
					 * debug information has it */
	uint32_t line;			/* of the declaration, 0 = unknown */
	struct dbg_die die;		/* the instance: subprogram or
					 * inlined_subroutine */
	struct dbg_die origin;		/* what it is an instance of, or die */
	uint64_t entry;			/* address of the first instruction */
	uint64_t end;			/* of the range that entry is in */
	bool is_inline;			/* this is an inlined instance */
	bool is_rest;			/* is_inline: of a split function, so
					 * no call of it */
	bool is_declared_inline;
	bool is_external;
	bool has_inlines;		/* there are inlined instances too */
	bool is_indexed;		/* DBG_ONCE, DBG_BRIEF: is_rest is known
					 * of what is not inlined, too; no
					 * .origin */
	bool has_symbol;		/* is_indexed: its code is in one, */
	bool is_symbol;			/* and begins with the only one of its
					 * name */
};

struct dbg_functions {
	struct dbg_function *v;
	uint32_t n, cap;
};

enum dbg_which {
	DBG_CALLS = 1,		/* functions with code of their own */
	DBG_INLINES = 2,	/* inlined instances */
	DBG_BOTH = 3,
	DBG_ONCE = 4,		/* flag: of a function's inlined instances one
				 * at least, hardly more (if the pattern has no
				 * lines), for lists */
	DBG_BRIEF = 8,		/* flag: of functions with code of their own
				 * what an index has is enough */
};

/* All that match, by address.  With lines in the pattern: those whose
 * declaration or code has such a line. */
struct err *debuginfo_functions(struct debuginfo *d, struct arena *a,
				const struct dbg_pattern *p,
				enum dbg_which which,
				struct dbg_functions *ret) must_check;

/* The same for a list, without a look at their entries, where there is an
 * index of all functions, or all of them are asked for: each
 * function, and each of those that were inlined once. */
struct dbg_listed {
	struct str name, file;
	uint32_t line;
	bool is_inline, is_external;
	bool has_symbol;		/* its code is in one: can be probed */
	bool is_symbol;			/* the only symbol of its name is it */
	bool is_of_start;		/* code that is gone after the start */
	uint32_t row;			/* in the index */
};
bool debuginfo_can_list(struct debuginfo *d, const struct dbg_pattern *p,
			enum dbg_which which);
/* Makes the index now, whatever it is worth and also where it cannot be kept,
 * for tests; with_vars: and the variables. */
void debuginfo_make_index(struct debuginfo *d, bool with_vars);
/* *at: 0 at first.  false = no more. */
bool debuginfo_list(struct debuginfo *d, const struct dbg_pattern *p,
		    enum dbg_which which, uint32_t *at, struct dbg_listed *ret);

/* The variables where it begins, as text: " $from:char const* $n:int", which
 * lives until the next question.  Who asks for many says so before: they are
 * all made at once, and kept. */
void debuginfo_list_many_vars(struct debuginfo *d);
struct str debuginfo_list_vars(struct debuginfo *d,
			       const struct dbg_listed *f);

/* The function whose own code holds pc; false = none. */
bool debuginfo_function_at(struct debuginfo *d, struct arena *a, uint64_t pc,
			   struct dbg_function *ret);

/* The inlined or own function whose entry die is. */
bool debuginfo_function(struct debuginfo *d, struct dbg_die die,
			struct dbg_function *ret);

/* Where the prologue is over: the address of the second line of the function
 * (the entry itself when that can not be told).  Code compiled with -O keeps
 * its variables known from the entry on, so the entry is better there:
 * debuginfo_is_optimized(). */
uint64_t debuginfo_prologue_end(struct debuginfo *d,
				const struct dbg_function *f);
/* Was the function die compiled with optimization? */
bool debuginfo_is_optimized(struct debuginfo *d, struct dbg_die die);

/* Where the parameters are in place: code that was not optimized puts them
 * there first. */
uint64_t debuginfo_begin(struct debuginfo *d, const struct dbg_function *f);

/* A place in the code. */
struct dbg_site {
	uint64_t pc;
	struct str file;
	uint32_t line;
	struct dbg_die scope;	/* innermost function at pc: subprogram or
				 * inlined_subroutine; none = unknown */
};

struct dbg_sites {
	struct dbg_site *v;
	uint32_t n, cap;
};

/* The addresses that are a statement of one of the lines in a function that
 * matches, one for each line and block of code, by address.  nearest: a line
 * without code stands for the next one that has some. */
struct err *debuginfo_statements(struct debuginfo *d, struct arena *a,
				 const struct dbg_pattern *p, bool nearest,
				 struct dbg_sites *ret) must_check;

/* Lines near `line` in `file` that have code, for messages: at most two. */
uint32_t debuginfo_near_lines(struct debuginfo *d, struct arena *a,
			      const struct dbg_pattern *p, uint32_t line,
			      uint32_t ret[2]);

struct dbg_label {
	struct str name;
	uint64_t pc;
	struct str file;
	uint32_t line;
	struct dbg_function function;	/* that it is in */
};

struct dbg_labels {
	struct dbg_label *v;
	uint32_t n, cap;
};

/* Labels (a shell pattern) of a function and what was inlined into it. */
struct err *debuginfo_labels(struct debuginfo *d, struct arena *a,
			     const struct dbg_function *f, struct str pattern,
			     struct dbg_labels *ret) must_check;

struct dbg_callee {
	struct dbg_function function;	/* inlined instance or own code;
					 * entry 0 = code is elsewhere, only
					 * the name is known */
	uint64_t return_pc;		/* of a call, 0 = is inlined, or jumped
					 * to */
	bool is_jump;			/* the caller ends with it: it returns
					 * to who called that */
	uint32_t depth;			/* 1 = called by the function itself */
	uint32_t parent;		/* 1 + its number in the list of whoever
					 * calls it, 0 = the function itself */
};

struct dbg_callees {
	struct dbg_callee *v;
	uint32_t n, cap;
	struct dbg_function of;
	uint32_t depth;			/* that was asked for */
};

/* What a function calls by name: inlined and by calls, to a depth. */
struct err *debuginfo_callees(struct debuginfo *d, struct arena *a,
			      const struct dbg_function *f, uint32_t depth,
			      struct dbg_callees *ret) must_check;

/* Where calls of a function by its name return to, `most` of them: how many. */
uint32_t debuginfo_calls_of(struct debuginfo *d, const struct dbg_function *f,
			    uint64_t *returns, uint32_t most);

/*
 * Was the code at pc, of a called function, come to by calls that return to
 * these n addresses, the innermost first?  A value, 1 or 0.
 */
struct dbg_loc debuginfo_called_by(struct debuginfo *d, struct arena *a,
				   uint64_t pc, const uint64_t *returns,
				   uint32_t n);

/* The same when the innermost of them has been returned to: its caller's
 * registers are those of now. */
struct dbg_loc debuginfo_returned_to(struct debuginfo *d, struct arena *a,
				     const uint64_t *returns, uint32_t n);

/* One of the functions that share an address: what was inlined, then what it
 * was inlined into, ... */
struct dbg_frame {
	struct str function;
	struct str file;	/* of the line; empty = unknown */
	uint32_t line, column;	/* 0 = unknown */
	struct dbg_die die;
	bool is_inline;
};

struct dbg_frames {
	struct dbg_frame *v;
	uint32_t n, cap;
};

/* Innermost first; none when nothing is known of pc. */
struct err *debuginfo_frames(struct debuginfo *d, struct arena *a, uint64_t pc,
			     struct dbg_frames *ret) must_check;

enum dbg_var_kind {
	DBG_VAR_PARAM,
	DBG_VAR_LOCAL,
	DBG_VAR_GLOBAL,		/* of a file: static or external */
};

struct dbg_var {
	struct str name;
	enum dbg_var_kind kind;
	struct dbg_die die;
	struct dbg_die type;	/* none = void or not known */
	struct dbg_die scope;	/* the block, function or unit it is of */
	uint32_t depth;		/* 0 = innermost scope */
	bool is_artificial;	/* made by the compiler: C++'s this */
};

struct dbg_vars {
	struct dbg_var *v;
	uint32_t n, cap;
};

/*
 * The parameters and locals that are visible at pc, the innermost first; a
 * name may come more than once.  scope: the function (own or inlined) that is
 * meant, none = the innermost one at pc.  Variables that have no location
 * anywhere are listed too.
 */
struct err *debuginfo_vars(struct debuginfo *d, struct arena *a, uint64_t pc,
			   struct dbg_die scope,
			   struct dbg_vars *ret) must_check;

/* The same as they are listed: in the order of the source, where what stands
 * further out comes first, without those that one further in hides. */
struct err *debuginfo_vars_in_order(struct debuginfo *d, struct arena *a,
				    uint64_t pc, struct dbg_die scope,
				    struct dbg_vars *ret) must_check;

/* The variable that a name means there: locals, parameters, then those of the
 * file, then external ones of other files.  false = none. */
bool debuginfo_var(struct debuginfo *d, struct arena *a, uint64_t pc,
		   struct dbg_die scope, struct str name, struct dbg_var *ret);

/* A variable of a file, by name ("a::b::name" too); file as in patterns, empty
 * = any, then external ones come first.  all: every one with a location. */
bool debuginfo_global(struct debuginfo *d, struct arena *a, struct str name,
		      struct str file, struct dbg_var *ret);
struct err *debuginfo_globals(struct debuginfo *d, struct arena *a,
			      struct str pattern, struct str file,
			      struct dbg_vars *ret) must_check;

/* Where a variable lives at exactly this pc: loc.h.  Never fails: kind
 * DBG_LOC_NONE carries the reason. */
struct dbg_loc debuginfo_location(struct debuginfo *d, struct arena *a,
				  struct dbg_die var, uint64_t pc);

/* The value that a register had when the function at pc was entered, as the
 * calls of it tell; code that fetches it fails (LOC_OP CHECK) when the caller
 * is not one of them. */
struct dbg_loc debuginfo_entry_value(struct debuginfo *d, struct arena *a,
				     uint64_t pc, uint16_t reg);

/* The value that a function returns, at its return. */
struct dbg_loc debuginfo_return_location(struct debuginfo *d, struct arena *a,
					 struct dbg_die function);

/* Where it is known, for messages; one range 0..UINT64_MAX = everywhere. */
struct err *debuginfo_available(struct debuginfo *d, struct arena *a,
				struct dbg_die var,
				struct dbg_ranges *ret) must_check;

/* Types: raw entries, see dietype.h.  A struct, union, class, enum (tag) or a
 * typedef or base type by name, the definition where there is one. */
enum dbg_tag {
	DBG_TAG_STRUCT,		/* and class */
	DBG_TAG_UNION,
	DBG_TAG_ENUM,
	DBG_TAG_TYPEDEF,	/* and base types */
};

/* name: with as much of "space::Class::" before it as is to be met; after "::",
 * with all of it.  near: a unit that is looked in first (any entry of it), or
 * none. */
bool debuginfo_find_type(struct debuginfo *d, enum dbg_tag tag,
			 struct str name, struct dbg_die near,
			 struct dbg_die *ret);

/* An enumeration constant of any enum; near is looked in first. */
bool debuginfo_enumerator(struct debuginfo *d, struct str name,
			  struct dbg_die near, struct dbg_die *ret_type,
			  int64_t *ret_value);

#endif
