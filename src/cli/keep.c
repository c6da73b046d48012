/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/keep.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

struct err *keep_create(struct arena *a, struct str *ret)
{
	const char *tmp = getenv("TMPDIR");
	struct str name = arena_printf(a, "%s/spileXXXXXX",
				       tmp && *tmp ? tmp : "/tmp");
	_cleanup_free_ char *path = strdup(name.s);

	if (!path || !mkdtemp(path))
		return err_os(errno, "making a directory in %s",
			      tmp && *tmp ? tmp : "/tmp");
	*ret = arena_str(a, str_from(path));
	fprintf(stderr, "Keeping temporary directory \"%s\"\n", path);
	return NULL;
}

struct err *keep_open(struct arena *a, struct str dir, const char *name,
		      FILE **ret)
{
	struct str path = arena_printf(a, "%" STR_FMT "/%s", STR_ARG(dir),
				       name);
	FILE *f = fopen(path.s, "we");

	if (!f)
		return err_os(errno, "%s", path.s);
	*ret = f;
	return NULL;
}
