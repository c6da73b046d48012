/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of programs and libraries as people read them: functions, also
 * those that were inlined, and lines.  From the files that spaces.h says were
 * mapped, their symbols and their debug information, read when first needed.
 */
#ifndef RUN_USYMBOLS_H
#define RUN_USYMBOLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct buf;
struct mapping;
struct objfile;
struct spaces;
struct usymbols;
struct world;

/* dirs: where separate debug information is looked for first, with ':'
 * between.  What it is given must outlive it. */
struct usymbols *usymbols_create(const struct world *w, struct str dirs,
				 struct spaces *spaces);
void usymbols_destroy(struct usymbols *u);

/* The file that a process has mapped, and its debug information or NULL;
 * false = it cannot be read.  key: the same for all mappings of it. */
struct usym_file {
	const void *key;
	struct objfile *main, *debug;
};
/* Has it been opened already? */
bool usymbols_has(struct usymbols *u, const struct mapping *m);
bool usymbols_file(struct usymbols *u, pid_t pid, const struct mapping *m,
		   struct usym_file *ret);

/* An address of a process at a time (CLOCK_MONOTONIC, ns). */
struct usym_place {
	pid_t pid;
	uint64_t time;
	uint64_t addr;
	bool is_return;		/* it is where a call returns to: what is
				 * meant is the call, before it */
};

/* What is found there; what is not known is empty or 0.  Texts live until the
 * next call. */
struct usym {
	struct str name;	/* of the function */
	uint64_t offset, size;	/* how far addr is in it; its bytes */
	struct str path;	/* of the file, or "[vdso]" */
	uint64_t base;		/* addresses in the process less those in the
				 * file */
	uint64_t file_addr;	/* addr, as the file has it */
	struct str build_id;	/* in hexadecimal */
};

/* false = nothing is mapped there. */
bool usymbols_find(struct usymbols *u, const struct usym_place *p,
		   struct usym *ret);

/* The line; false = not known. */
bool usymbols_line(struct usymbols *u, const struct usym_place *p,
		   struct str *file, uint32_t *line);

enum usym_style {
	USYM_NAME,		/* main */
	USYM_BRIEF,		/* main+0x10 */
	USYM_SIMPLE,		/* main+0x10 [/bin/x] */
	USYM_FULL,		/* main+0x10/0x20 [/bin/x] */
	USYM_LINE,		/* main+0x10/0x20 at x.c:12 [/bin/x] */
};

void usymbols_write(struct usymbols *u, const struct usym_place *p,
		    enum usym_style style, struct buf *to);

/* A line for each function that the address is in, the innermost first: more
 * than one where functions were inlined. */
void usymbols_write_frame(struct usymbols *u, const struct usym_place *p,
			  enum usym_style style, struct buf *to);

#endif
