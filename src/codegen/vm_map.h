/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The maps of the machine in user space (vm.h).  An element's value stays
 * where it is until it is deleted, and is kept (as the kernel keeps it for a
 * grace period) until the program has ended.
 */
#ifndef CODEGEN_VM_MAP_H
#define CODEGEN_VM_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"

struct vm_element {
	uint8_t *key;
	uint8_t *value;		/* all copies, one after another */
	bool live;
};

struct vm_map {
	const struct image_map *m;
	uint32_t number;
	uint32_t ncpus;		/* copies of each value */
	uint32_t stride;	/* bytes from copy to copy */
	struct vm_element *v;	/* arrays: by number */
	uint32_t n, cap, live;
};

void vm_map_init(struct vm_map *map, const struct image *img, uint32_t number,
		 uint32_t ncpus);
void vm_map_deinit(struct vm_map *map);

/* NULL = there is none. */
struct vm_element *vm_map_find(struct vm_map *map, const void *key);

/* 0 or -errno, as the kernel's update with these flags. */
int vm_map_update(struct vm_map *map, const void *key, const void *value,
		  uint64_t flags);
int vm_map_delete(struct vm_map *map, const void *key);

/* Gives back what deleted elements had, between two runs. */
void vm_map_settle(struct vm_map *map);

/* The element whose value (any copy) wholly holds these bytes, or NULL. */
bool vm_map_holds(const struct vm_map *map, uint64_t addr, uint64_t size);

#endif
