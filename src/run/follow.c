/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/follow.h"

#include <stdlib.h>
#include <string.h>

#include "kern/attach/attach.h"
#include "run/ring.h"

struct follow {
	struct module_watch watch;
	struct ring *ring;
};

static bool is_needed(const struct image *img)
{
	for (uint32_t i = 0; i < img->probes.n; i++)
		if (has_modules(img, &img->probes.v[i]))
			return true;
	return false;
}

struct err *follow_create(const struct image *img, const struct world *w,
			  struct follow **ret)
{
	struct follow *f;
	struct err *e;

	*ret = NULL;
	if (!is_needed(img))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->watch = (struct module_watch)MODULE_WATCH_NONE;
	e = module_watch_open(w, &f->watch);
	if (!e)
		e = ring_open(f->watch.ring, MODULE_WATCH_BYTES, &f->ring);
	if (e)
		follow_destroy(f);
	else
		*ret = f;
	return e;
}

void follow_destroy(struct follow *f)
{
	if (!f)
		return;
	ring_close(f->ring);
	module_watch_close(&f->watch);
	free(f);
}

int follow_fd(const struct follow *f)
{
	return f->watch.ring;
}

bool follow_next(struct follow *f, struct module_event *ret)
{
	const void *data;
	uint32_t len;

	while ((data = ring_peek(f->ring, &len))) {
		bool whole = len >= sizeof(*ret);

		if (whole)
			memcpy(ret, data, sizeof(*ret));
		ring_consume(f->ring);
		ret->name[sizeof(ret->name) - 1] = 0;
		if (whole)
			return true;
	}
	return false;
}
