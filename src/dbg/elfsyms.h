/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program's symbols tell, where there is no debug information: the
 * functions with their addresses, from the best table that there is.  That
 * is .symtab, of the program or of its separate debug file; else .dynsym and
 * the table that some distributions put, packed, into .gnu_debugdata.
 */
#ifndef DBG_ELFSYMS_H
#define DBG_ELFSYMS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "dbg/objfile.h"
#include "dbg/world.h"

struct elfsyms;

enum elfsyms_source {
	ELFSYMS_NONE,		/* no symbols at all */
	ELFSYMS_DYNAMIC,	/* what others may call, no more */
	ELFSYMS_PACKED,		/* .gnu_debugdata: functions */
	ELFSYMS_FULL,		/* .symtab */
};

struct elfsym {
	struct str name;	/* as in the file, without version */
	struct str version;	/* "GLIBC_2.34"; empty = none */
	struct str readable;	/* C++, Rust: "space::Class::method"; empty =
				 * name is readable */
	uint64_t addr;		/* link-time; is_tls: offset in the block */
	uint64_t size;		/* bytes; of functions never 0 */
	bool is_function;
	bool is_exported;	/* others can link with it */
	bool is_global;		/* binding: global or weak */
	bool is_ifunc;		/* the code there only chooses the function */
	bool is_old_version;	/* "name@V": not the default one */
	bool is_tls;
};

struct elfsyms_list {
	struct elfsym *v;
	uint32_t n, cap;
};

/*
 * Opens the file at path (on the machine of w); dirs as in debuginfo.h.  A
 * file without any symbols opens too.  w must outlive it.
 */
struct err *elfsyms_open(const struct world *w, struct str dirs,
			 struct str path, struct elfsyms **ret) must_check;
/* The symbols of an open file alone, which it takes over. */
struct elfsyms *elfsyms_from(struct objfile *main);
/* Takes NULL. */
void elfsyms_close(struct elfsyms *s);

/* The program's own file. */
struct objfile *elfsyms_main(struct elfsyms *s);
/* The file that has the best table: to look up what usdt.h wants. */
struct objfile *elfsyms_best(struct elfsyms *s);
enum elfsyms_source elfsyms_source(const struct elfsyms *s);

/*
 * Functions with code in this file whose name matches the shell pattern, one
 * for each address, by address.  A pattern means the name in the file; of
 * C++ and Rust also the readable name, or the end of it behind a "::";
 * and "f" also what compilers made of it, "f.isra.0".  "main" is found without
 * a symbol, too, where the start of the program hands it to the C library.
 * version: empty = any.
 */
void elfsyms_functions(struct elfsyms *s, struct arena *a, struct str pattern,
		       struct str version, struct elfsyms_list *ret);

/* All names of the function at exactly this address. */
void elfsyms_aliases(struct elfsyms *s, struct arena *a, uint64_t addr,
		     struct elfsyms_list *ret);

/* The function or variable that addr is in; false = none. */
bool elfsyms_at(struct elfsyms *s, struct arena *a, uint64_t addr,
		struct elfsym *ret);

/* A function or variable by its name in the file: a global one, if there are
 * several; false = none. */
bool elfsyms_find(struct elfsyms *s, struct arena *a, struct str name,
		  struct elfsym *ret);

enum elfsyms_insn {
	ELFSYMS_INSN_START,	/* an instruction starts there */
	ELFSYMS_INSN_INSIDE,	/* one goes over it, or it is no code */
	ELFSYMS_INSN_UNKNOWN,	/* no symbol says where a function starts */
};

/* Does an instruction start at this address?  Read from the start of the
 * function on. */
enum elfsyms_insn elfsyms_instruction(struct elfsyms *s, uint64_t addr);

/*
 * Is addr, which follows the instruction at before, come to from there alone?
 * No jump of the file may go to it, nor, unless before is where a function
 * begins, may there be one in the function whose way is in a table.  When that
 * cannot be said: no.
 */
bool elfsyms_follows(struct elfsyms *s, uint64_t addr, uint64_t before);

#endif
