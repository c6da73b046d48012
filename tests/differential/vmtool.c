/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmtool IMAGE [HITS]: runs the handlers of a saved image's kernel probes in
 * codegen/vm, each HITS times (default 1) with a context of zeros, and prints
 * what the host makes of their records, as a session would.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/vm.h"
#include "run/host.h"

#define STEPS (64u << 20)
#define CONTEXT_SIZE 256

struct tool {
	struct image img;
	struct host *host;
	struct output *out;
	struct vm *vm;
	bool stop;
	int status;
};

static void die(struct err *e, const char *what)
{
	fprintf(stderr, "vmtool: %s: %s\n", what, e ? e->msg : "failed");
	exit(2);
}

static void control(struct tool *t, const uint8_t *bytes, uint32_t len)
{
	struct image_control c;
	struct run_error e = {};

	if (len < sizeof(c))
		die(NULL, "control record");
	memcpy(&c, bytes, sizeof(c));
	if (c.kind == CONTROL_EXIT)
		t->stop = true;
	if (c.kind != CONTROL_ERROR)
		return;
	if (c.len > len - sizeof(c))
		die(NULL, "text of a control record");
	e.kind = (enum image_error)c.error;
	e.place = c.place;
	e.operand = c.operand;
	e.text = (struct str){ (const char *)bytes + sizeof(c), c.len };
	output_run_error(t->out, &t->img, c.probe, &e);
	t->status = 1;
}

static void record(void *data, uint32_t map, const void *bytes, uint32_t len)
{
	struct tool *t = data;
	enum host_status status;
	struct run_error e;
	struct err *err;

	if (map == t->img.control_map) {
		control(t, bytes, len);
		return;
	}
	err = host_record(t->host, bytes, len, &status, &e);
	if (err)
		die(err, "record");
	if (status == HOST_ERROR)
		output_run_error(t->out, &t->img, IMAGE_NONE, &e);
}

/* What scalar globals begin with. */
static void init_globals(struct tool *t)
{
	for (uint32_t i = 0; i < t->img.globals.n; i++) {
		const struct image_global *g = &t->img.globals.v[i];
		uint8_t *at = vm_value(t->vm, t->img.globals_map) + g->off;
		struct str s = image_str(&t->img, g->init_str);

		if (g->is_array || g->type == IT_STATS)
			continue;
		if (g->type == IT_LONG)
			memcpy(at, &g->init, sizeof(g->init));
		else if (s.len <= g->bound)
			memcpy(at, s.s, s.len);
	}
}

static void run(struct tool *t, int hits)
{
	static const uint64_t ctx[CONTEXT_SIZE / 8];

	for (int k = 0; k < hits && !t->stop; k++)
		for (uint32_t i = 0; i < t->img.probes.n && !t->stop; i++) {
			uint32_t prog = t->img.probes.v[i].prog;

			if (prog == IMAGE_NONE)
				continue;
			if (!vm_run(t->vm, prog, ctx, sizeof(ctx))) {
				output_flush(t->out);
				fprintf(stderr, "vmtool: probe %u: %s\n", i,
					vm_error(t->vm));
				exit(2);
			}
		}
}

int main(int argc, char **argv)
{
	const struct output_options oo = {};
	struct host_options ho = {};
	struct vm_options vo = { .ncpus = 2, .steps = STEPS, .record = record };
	struct tool t = {};
	struct arena a;
	struct err *e;

	if (argc < 2)
		die(NULL, "which image?");
	arena_init(&a);
	e = image_load(argv[1], &a, &t.img);
	if (!e)
		e = image_check(&t.img);
	if (!e)
		e = output_open(&oo, &t.out);
	if (!e)
		e = store_create(&t.img, NULL, &ho.store);
	if (e)
		die(e, argv[1]);
	ho.image = vo.image = &t.img;
	ho.output = t.out;
	t.host = host_create(&ho);
	vo.data = &t;
	t.vm = vm_create(&vo);
	init_globals(&t);
	run(&t, argc > 2 ? atoi(argv[2]) : 1);
	vm_destroy(t.vm);
	host_destroy(t.host);
	store_destroy(ho.store);
	output_close(t.out);
	arena_deinit(&a);
	return t.status;
}
