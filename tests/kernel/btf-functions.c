/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the names of the functions in this kernel's BTF.  In C, since Python
 * takes half a minute for its 200 000 types on an emulated processor; and not
 * by what spile reads them with, which the tests check by it.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>

#define BTF "/sys/kernel/btf/vmlinux"
#define MOST (64 << 20)

/* How many bytes follow a type of this kind with n members. */
static size_t tail_of(unsigned kind, unsigned n)
{
	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case 17: /* BTF_KIND_DECL_TAG */
		return 4;
	case BTF_KIND_ARRAY:
		return 12;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case 19: /* BTF_KIND_ENUM64 */
		return 12 * (size_t)n;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8 * (size_t)n;
	default:
		return 0;
	}
}

int main(void)
{
	char *data = malloc(MOST);
	FILE *f = fopen(BTF, "r");
	size_t size = data && f ? fread(data, 1, MOST, f) : 0;
	const struct btf_header *head = (const struct btf_header *)data;

	if (size < sizeof *head || head->magic != BTF_MAGIC)
		return 1;
	for (size_t at = 0; at < head->type_len;) {
		const struct btf_type *t = (const struct btf_type *)
			(data + head->hdr_len + head->type_off + at);
		unsigned kind = BTF_INFO_KIND(t->info);

		if (kind == BTF_KIND_FUNC)
			puts(data + head->hdr_len + head->str_off +
			     t->name_off);
		at += sizeof *t + tail_of(kind, BTF_INFO_VLEN(t->info));
	}
	return 0;
}
