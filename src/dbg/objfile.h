/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF file: its sections, decompressed and (in a relocatable file) with
 * relocations applied, its symbols and what names its debug information.
 * Little-endian files only.
 */
#ifndef DBG_OBJFILE_H
#define DBG_OBJFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct objfile;

struct objfile_section {
	struct str name;
	uint64_t addr;		/* link-time; laid out if relocatable */
	uint64_t size;		/* in memory */
	bool is_alloc;		/* has an address */
	bool is_code;
	bool has_bits;		/* in this file */
	uint32_t type;		/* SHT_* */
	uint32_t link, info;	/* section numbers; not checked */
	uint64_t entsize;	/* as the file says */
};

struct objfile_data {
	const uint8_t *p;	/* NULL = there is no such section */
	uint64_t size;
};

struct objfile_symbol {
	struct str name;
	uint64_t addr, size;
	bool is_function, is_global, is_undefined;
	bool is_tls;		/* addr is an offset in the thread's block */
};

/* Opens a file, also one that is packed (.xz, .gz, .zst).  ERR_FORMAT: it is no
 * ELF. */
struct err *objfile_open(const char *path, struct objfile **ret) must_check;
/* The same of bytes in memory, which must outlive it and are changed. */
struct err *objfile_from(void *data, size_t size,
			 struct objfile **ret) must_check;
void objfile_close(struct objfile *o);

const char *objfile_path(const struct objfile *o);
uint16_t objfile_machine(const struct objfile *o);	/* EM_* */
bool objfile_is_relocatable(const struct objfile *o);

/* Bytes of an address: 4 or 8. */
uint8_t objfile_address_size(const struct objfile *o);
uint32_t objfile_nsections(const struct objfile *o);
const struct objfile_section *objfile_section(const struct objfile *o,
					      uint32_t i);
/* The loaded section that holds addr; NULL = none. */
const struct objfile_section *objfile_section_at(const struct objfile *o,
						 uint64_t addr);

/* The bytes of a section by its name; ".debug_x" finds ".zdebug_x" too.  What is
 * malformed reads as absent. */
struct objfile_data objfile_data(struct objfile *o, const char *name);
/* The same by its number, which is below objfile_nsections(). */
struct objfile_data objfile_section_data(struct objfile *o, uint32_t i);

/* Where the byte at a link-time address is in the file; false = nowhere.
 * is_code: a process maps it to be executed. */
bool objfile_offset(struct objfile *o, uint64_t addr, uint64_t *ret,
		    bool *is_code);
/* The bytes of a section need not stay in memory: they are read again when they
 * are asked for. */
void objfile_forget(struct objfile *o, const uint8_t *p, uint64_t n);

/* Bytes of the file. */
uint64_t objfile_size(struct objfile *o);
/* The bytes from there on to the end of the file's part of the segment. */
struct objfile_data objfile_bytes(struct objfile *o, uint64_t addr);

/* Lower-case hexadecimal; empty = has none. */
struct str objfile_build_id(struct objfile *o);
/* A number that another version of the file has otherwise: of its build-id,
 * else its size. */
uint64_t objfile_identity(struct objfile *o);
/* The build-id of an ELF note section's bytes (/sys/kernel/notes). */
struct str objfile_note_build_id(const uint8_t *p, uint64_t size,
				 struct arena *a);

/* .gnu_debuglink: a file's name and checksum; false = has none. */
bool objfile_debuglink(struct objfile *o, struct str *name, uint32_t *crc);
/* .gnu_debugaltlink: a file's name and build-id. */
bool objfile_altlink(struct objfile *o, struct arena *a, struct str *name,
		     struct str *build_id);
/* .debug_sup, the same in DWARF 5: name is empty in the file that others
 * share; sum in hexadecimal tells that it is the one that is meant. */
bool objfile_supplementary(struct objfile *o, struct arena *a,
			   struct str *name, struct str *sum);

/* The symbols (.symtab, else .dynsym) in the order of the file: i from 0 on,
 * false = no more. */
bool objfile_symbol(struct objfile *o, uint32_t i,
		    struct objfile_symbol *ret);
/* The next one of this name; i is 0 at first.  Fast. */
bool objfile_find_symbol(struct objfile *o, struct str name, uint32_t *i,
			 struct objfile_symbol *ret);

/* The function or object whose bytes addr is in; false = none.  The first
 * call makes a table. */
bool objfile_symbol_at(struct objfile *o, uint64_t addr,
		       struct objfile_symbol *ret);

/* Where the byte at an offset of the file is loaded to, to be executed if it is
 * loaded more than once; false = nowhere. */
bool objfile_address(struct objfile *o, uint64_t offset, uint64_t *ret);

/* What a process maps first to be executed, in whole pages: where it is in the
 * file, and its link-time address; false = nothing. */
bool objfile_code(struct objfile *o, uint64_t *ret_offset, uint64_t *ret_addr);

/* The thread-local block's size, aligned; 0 = has none. */
uint64_t objfile_tls_size(struct objfile *o);

/* Where the thread-local block's first contents are, and how many bytes it
 * has; false = has none. */
bool objfile_tls(struct objfile *o, uint64_t *ret_addr, uint64_t *ret_size);

/* Where a program begins; 0 = nowhere. */
uint64_t objfile_entry(const struct objfile *o);

/* Is it a program, of which a process has one, and no shared library? */
bool objfile_is_program(struct objfile *o);

#endif
