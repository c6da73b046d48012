/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * irtool [--pass=NAME]... FILE: reads the text of a program, runs the passes
 * named ("all": as the compiler does), and prints it again.  For tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "ir/opt.h"

static bool read_file(const char *path, struct buf *ret)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	do {
		n = fread(buf_reserve(ret, BUFSIZ), 1, BUFSIZ, f);
		ret->len += n;
	} while (n);
	fclose(f);
	return true;
}

static bool run_pass(struct ir_program *p, const char *names)
{
	struct str rest = str_from(names);

	p->features = FEATURE_BIT(TASK_STORAGE) | FEATURE_BIT(ATOMIC_FETCH);
	while (rest.len) {
		int64_t comma = str_find_char(rest, ',');
		uint32_t n = comma < 0 ? rest.len : (uint32_t)comma;
		struct str name = str_sub(rest, 0, n);

		if (str_is(name, "all"))
			ir_optimize(p);
		else if (!ir_optimize_one(p, name)) {
			fprintf(stderr, "irtool: no pass '%" STR_FMT "'\n",
				STR_ARG(name));
			return false;
		}
		rest = str_sub(rest, comma < 0 ? n : n + 1, UINT32_MAX);
	}
	return true;
}

static int work(struct arena *a, const char *path, char **passes, int npasses)
{
	struct buf text = {};
	struct image img;
	struct ir_program p = { .arena = a, .image = &img };
	struct err *e;

	image_init(&img, a);
	img.limits = (struct image_limits){ .maxstringlen = 512,
					    .maxnesting = 10 };
	if (!read_file(path, &text)) {
		perror(path);
		return 1;
	}
	e = ir_parse(buf_view(&text), &p);
	if (e) {
		fprintf(stderr, "%s: %s\n", path, e->msg);
		err_free(e);
		buf_deinit(&text);
		return 1;
	}
	ir_verify(&p, "parse");
	for (int i = 0; i < npasses; i++)
		if (!run_pass(&p, passes[i] + strlen("--pass=")))
			return 1;
	ir_verify(&p, "the last");
	ir_print(&p, stdout);
	buf_deinit(&text);
	return 0;
}

int main(int argc, char **argv)
{
	struct arena a;
	int n = 1, status;

	while (n < argc && !strncmp(argv[n], "--pass=", strlen("--pass=")))
		n++;
	if (n != argc - 1) {
		fprintf(stderr, "usage: irtool [--pass=NAME]... FILE\n");
		return 2;
	}
	arena_init(&a);
	status = work(&a, argv[n], argv + 1, n - 1);
	arena_deinit(&a);
	return status;
}
