/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/unwind_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kern/syscall.h"

#define CHUNK_BYTES (8 * UNWIND_CHUNK_ROWS)
#define MAPPINGS_BYTES (UNWIND_MAPPINGS_MAX * sizeof(struct unwind_mapping))
#define RULES_BYTES (UNWIND_RULES_MAX * sizeof(struct unwind_rule))

int unwind_maps_template(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = CHUNK_BYTES;
	attr.max_entries = 1;
	attr.map_flags = BPF_F_MMAPABLE;
	return syscall_bpf(BPF_MAP_CREATE, &attr, SYSCALL_ATTR_SIZE(map_flags));
}

static struct err *share(int fd, size_t bytes, void **ret)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return err_os(errno, "mapping tables to unwind with");
	*ret = p;
	return NULL;
}

struct err *unwind_maps_open(const struct image *img, const struct maps *maps,
			     struct unwind_maps *ret)
{
	const int *fds = maps->fds + img->unwind_maps;
	struct unwind_maps u = { .procs = fds[UNWIND_PROCS],
				 .rows = fds[UNWIND_ROWS] };
	void *p = NULL, *q = NULL;
	struct err *e = share(fds[UNWIND_MAPPINGS], MAPPINGS_BYTES, &p);

	if (!e)
		e = share(fds[UNWIND_RULES], RULES_BYTES, &q);
	u.chunks = calloc(UNWIND_CHUNKS_MAX, sizeof(*u.chunks));
	if (!u.chunks)
		abort();
	u.mappings = p;
	u.rules = q;
	if (!e)
		*ret = u;
	else
		unwind_maps_close(&u);
	return e;
}

void unwind_maps_close(struct unwind_maps *u)
{
	if (u->mappings)
		munmap(u->mappings, MAPPINGS_BYTES);
	if (u->rules)
		munmap(u->rules, RULES_BYTES);
	for (uint32_t i = 0; i < u->nchunks; i++)
		munmap(u->chunks[i], CHUNK_BYTES);
	free(u->chunks);
	*u = (struct unwind_maps){};
}

struct err *unwind_maps_chunk(struct unwind_maps *u)
{
	int fd, code;
	struct err *e;
	void *p = NULL;

	if (u->nchunks == UNWIND_CHUNKS_MAX)
		return err_new(ERR_LIMIT, "there is no room for more tables to "
			       "unwind with");
	fd = unwind_maps_template();
	if (fd < 0)
		return err_os(-fd, "tables to unwind with");
	code = syscall_map_update(u->rows, &u->nchunks, &fd, 0);
	e = code ? err_os(-code, "tables to unwind with") :
		   share(fd, CHUNK_BYTES, &p);
	close(fd);
	if (!e)
		u->chunks[u->nchunks++] = p;
	return e;
}
