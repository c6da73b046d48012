/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/carry.h"

#include <dirent.h>
#include <stdlib.h>

#define CARRY_BYTES (4u << 20)
#define CARRY_FILES 2000
#define CARRY_DEPTH 3 /* DIR/version/processor/linux */
#define CARRY_WORDS 10000

struct carry {
	struct compile *c;
	struct sources sources;
	uint32_t bytes;
};

static bool is_too_much(const struct carry *k)
{
	return k->bytes > CARRY_BYTES || k->c->image.texts.n > CARRY_FILES;
}

static void add_text(struct carry *k, struct str name, struct str text)
{
	struct compile *c = k->c;
	struct image_text t = {
		.name = image_intern(&c->image, &c->back, name),
		.text = image_intern(&c->image, &c->back, text),
	};

	k->bytes += text.len;
	vec_push(&c->back, &c->image.texts, t);
}

static void add_dir(struct carry *k, struct str dir, uint32_t depth);

/* A file of the library; or a directory, maybe behind a link: what is neither
 * cannot be listed. */
static void add_path(struct carry *k, struct str path, uint32_t depth)
{
	struct source *s;
	struct err *e;

	if (!str_ends(path, STR(".stp")) && !str_ends(path, STR(".stpm"))) {
		if (depth < CARRY_DEPTH)
			add_dir(k, path, depth + 1);
		return;
	}
	e = source_read(&k->sources, path.s, &s);
	if (!e)
		add_text(k, path, s->text);
	err_free(e);
}

static void add_dir(struct carry *k, struct str dir, uint32_t depth)
{
	struct dirent **names;
	int n = scandir(dir.s, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const struct dirent *d = names[i];

		if (d->d_name[0] != '.' && !is_too_much(k))
			add_path(k,
				 arena_printf(&k->c->back, "%" STR_FMT "/%s",
					      STR_ARG(dir), d->d_name),
				 depth);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

void carry_pack(struct compile *c)
{
	const struct options *o = c->options;
	struct carry k = { .c = c };

	sources_init(&k.sources, &c->back);
	if (o->file)
		add_text(&k, str_from(o->file), c->scripts.v[0]->text);
	for (uint32_t i = 0; i < o->includes.n; i++)
		add_dir(&k, o->includes.v[i], 0);
	if (is_too_much(&k)) {
		c->image.texts.n = 0;
		return;
	}
	for (int i = 0; i < o->argc; i++)
		vec_push(&c->back, &c->image.words,
			 image_intern(&c->image, &c->back,
				      str_from(o->argv[i])));
}

/* ---- out again ---- */

static const struct source_text *texts_of(const struct image *img,
					  struct arena *a)
{
	struct source_text *v =
		arena_array(a, img->texts.n + 1, struct source_text);

	for (uint32_t i = 0; i < img->texts.n; i++)
		v[i] = (struct source_text){
			.name = image_str(img, img->texts.v[i].name),
			.text = image_str(img, img->texts.v[i].text),
		};
	return v;
}

/* How it is compiled is the image's to say, how it is run is not. */
static void run_as(struct options *o, const struct options *now)
{
	struct options was = *o;

	*o = *now;
	o->file = was.file;
	o->scripts.v = was.scripts.v;
	o->scripts.n = was.scripts.n;
	o->has_script = was.has_script;
	o->args.v = was.args.v;
	o->args.n = was.args.n;
	o->includes.v = was.includes.v;
	o->includes.n = was.includes.n;
	o->timing = was.timing;
	o->quiet = true; /* who compiled it has seen the warnings */
	o->werror = false;
	o->features = NULL;
	o->sema = was.sema;
	o->sema.target_pid = now->sema.target_pid;
	o->sema.has_command = now->sema.has_command;
	o->sema.command = now->sema.command;
	o->sema.debuginfo = now->sema.debuginfo;
}

bool carry_unpack(const struct image *img, const struct options *now,
		  struct arena *a, struct options *ret)
{
	uint32_t n = img->words.n;
	struct options o;
	struct err *e;
	char **argv;

	if (!n || n > CARRY_WORDS)
		return false;
	argv = arena_array(a, n + 1, char *);
	for (uint32_t i = 0; i < n; i++)
		argv[i] = (char *)(uintptr_t)image_str(img, img->words.v[i]).s;
	e = options_parse((int)n, argv, a, &o);
	if (e || o.mode != MODE_SCRIPT) {
		err_free(e);
		return false;
	}
	run_as(&o, now);
	o.given = texts_of(img, a);
	o.ngiven = img->texts.n;
	*ret = o;
	return true;
}
