/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packed kernel: any bytes are refused, or unpacked to something bounded;
 * and the same bytes as the kernel's list of functions.
 */
#include <stdlib.h>

#include "dbg/traceable.h"
#include "dbg/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNPACKED_MAX ((size_t)2 << 30)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, (uint32_t)size };
	struct buf out = {};
	struct traceable t;

	err_free(unpack(data, size, &out));
	if (out.len > UNPACKED_MAX)
		abort();
	buf_deinit(&out);
	while (traceable_next(&rest, &t))
		if (t.name.len > size || t.module.len > size)
			abort();
	return 0;
}
