/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any file: an image is refused, or can be printed, saved and run by the host
 * engine.  Behind the image, records from the kernel may follow, from the last
 * bytes ff fe fd fc on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/image.h"
#include "run/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAP_MAX (4U << 20)

/* Whoever fuzzes as root wants to have a machine afterwards: panic(). */
static bool has_effect(const struct image_insn *insn)
{
	return insn->op == OP_INTRIN &&
	       (intrin_info[insn->imm].flags & INF_GURU ||
		insn->imm == INTRIN_SYSTEM || insn->imm == INTRIN_FTRACE ||
		insn->imm == INTRIN_RAISE || insn->imm == INTRIN_LOG_ERR);
}

/* What must not run here, or takes too long. */
static bool is_harmless(const struct image *img)
{
	for (uint32_t i = 0; i < img->maps.n; i++) {
		if (img->maps.v[i].value_size > MAP_MAX)
			return false;
	}
	for (uint32_t i = 0; i < img->code.n; i++) {
		if (has_effect(&img->code.v[i]))
			return false;
	}
	return true;
}

static void check_round_trip(const struct image *img, struct arena *a)
{
	char path[] = "/tmp/spile-fuzz-XXXXXX";
	int fd = mkstemp(path);
	struct image again;

	if (fd < 0 || image_save(img, path) || image_load(path, a, &again) ||
	    image_check(&again))
		abort();
	close(fd);
	unlink(path);
}

static void print(const struct image *img)
{
	FILE *null = fopen("/dev/null", "w");

	if (!null)
		abort();
	image_print(img, null);
	fclose(null);
}

static void run_probes(const struct image *img, struct host *h,
		       struct output *out)
{
	for (uint32_t i = 0; i < img->probes.n; i++) {
		const struct image_probe *p = &img->probes.v[i];
		struct run_error e;

		if (image_probe_is_kernel((enum image_probe_kind)p->kind) ||
		    p->kind == PROBE_NEVER)
			continue;
		if (host_call(h, p->func, i, NULL, 0, NULL, &e) == HOST_ERROR)
			output_run_error(out, img, i, &e);
	}
}

static void run_records(struct host *h, const uint8_t *data, size_t size)
{
	enum host_status status;
	struct run_error e;

	for (size_t at = 0; at < size; at += 64)
		err_free(host_record(h, data + at, (uint32_t)(size - at),
				     &status, &e));
}

static void run(struct image *img, const uint8_t *records, size_t size)
{
	const struct output_options oo = { .path = "/dev/null",
					   .no_warnings = true };
	struct host_options o = { .image = img };
	struct host *h;

	if (img->limits.maxaction > 100)
		img->limits.maxaction = 100;
	if (output_open(&oo, &o.output) || store_create(img, NULL, &o.store))
		abort();
	h = host_create(&o);
	run_probes(img, h, o.output);
	run_records(h, records, size);
	host_show_globals(h);
	host_destroy(h);
	store_destroy(o.store);
	output_close(o.output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, (uint32_t)size };
	struct image img;
	struct arena a;
	struct err *e;
	uint32_t cut = 0;

	arena_init(&a);
	for (uint32_t i = 64; i + 64 < bytes.len; i++) {
		if (!memcmp(data + i, "\xff\xfe\xfd\xfc", 4))
			cut = i;
	}
	if (cut)
		bytes.len = cut;
	e = image_parse(bytes, &a, &img);
	if (!e)
		e = image_check(&img);
	if (!e && is_harmless(&img)) {
		print(&img);
		check_round_trip(&img, &a);
		run(&img, data + cut + 4, cut ? size - cut - 4 : 0);
	}
	err_free(e);
	arena_deinit(&a);
	return 0;
}
