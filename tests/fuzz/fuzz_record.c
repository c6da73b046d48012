/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record decoder: any bytes as records of the data ring, for an image
 * whose host function takes two numbers and a text and prints them.  Each
 * record begins with a byte that says how long it is.
 */
#include <stdlib.h>

#include "image/image.h"
#include "run/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t types[] = { IT_LONG, IT_STRING, IT_LONG };

#define NPARAMS 3
#define NO IMAGE_NONE

static void insn(struct image *img, struct arena *a, struct image_insn i)
{
	i.b = i.c = i.place = NO;
	if (i.op != OP_RET)
		i.a = NO;
	vec_push(a, &img->code, i);
}

static void make_format(struct image *img, struct arena *a)
{
	static const uint8_t convs[] = { CONV_SIGNED, CONV_STRING, CONV_HEX };

	for (uint32_t i = 0; i < NPARAMS; i++)
		vec_push(a, &img->pieces,
			 (struct image_piece){ .conv = convs[i] });
	vec_push(a, &img->formats, (struct image_format){ .n = NPARAMS });
}

static void make_func(struct image *img, struct arena *a)
{
	struct image_func f = { .n = NPARAMS + 2, .nblocks = 1,
				.nvars = NPARAMS, .nparams = NPARAMS };

	for (uint32_t i = 0; i < NPARAMS; i++) {
		vec_push(a, &img->vars, (struct image_var){ .type = types[i] });
		vec_push(a, &img->args, i);
		insn(img, a, (struct image_insn){ .op = OP_GET, .imm = i,
						  .type = types[i] });
	}
	insn(img, a, (struct image_insn){ .op = OP_PRINT, .nargs = NPARAMS });
	insn(img, a, (struct image_insn){ .op = OP_RET, .a = NO });
	vec_push(a, &img->blocks,
		 (struct image_block){ .n = f.n, .catch = NO });
	vec_push(a, &img->funcs, f);
}

/* What ir/layout makes of a program without globals. */
static void make(struct image *img, struct arena *a)
{
	image_init(img, a);
	img->arch = image_intern(img, a, STR("x86_64"));
	img->limits = (struct image_limits){
		.maxaction = 100, .maxnesting = 10, .maxstringlen = 128,
		.maxmapentries = 16, .maxtrylock = 1,
	};
	vec_push(a, &img->maps, (struct image_map){
		.kind = IMAP_GLOBALS, .key_size = 4,
		.value_size = IMAGE_SESSION_SIZE, .max_entries = 1 });
	img->globals_map = 0;
	img->losses_off = img->hits_off = IMAGE_SESSION_SIZE;
	make_format(img, a);
	make_func(img, a);
}

static void run(struct host *h, const uint8_t *data, size_t size)
{
	enum host_status status;
	struct run_error e;

	while (size > 1) {
		uint32_t n = data[0];

		if (n > size - 1)
			n = (uint32_t)size - 1;
		err_free(host_record(h, data + 1, n, &status, &e));
		data += 1 + n;
		size -= 1 + n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct output_options oo = { .path = "/dev/null",
					   .no_warnings = true };
	struct host_options o = {};
	struct image img;
	struct arena a;
	struct host *h;
	struct err *e;

	arena_init(&a);
	make(&img, &a);
	e = image_check(&img);
	if (e) {
		fprintf(stderr, "%s\n", e->msg);
		abort();
	}
	o.image = &img;
	if (output_open(&oo, &o.output) || store_create(&img, NULL, &o.store))
		abort();
	h = host_create(&o);
	run(h, data, size);
	host_destroy(h);
	store_destroy(o.store);
	output_close(o.output);
	arena_deinit(&a);
	return 0;
}
