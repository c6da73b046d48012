/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/loss.h"

#include <inttypes.h>

static bool is_skip(enum image_loss l)
{
	switch (l) {
	case LOSS_LOCK:
	case LOSS_SCRATCH:
	case LOSS_RECURSION:
		return true;
	case LOSS_RING:
	case LOSS_STRING:
	case LOSS_STACK:
	case LOSS_GUESS:
	case LOSS_CUT:
	case LOSS_CONTROL:
	case LOSS_N:
		break;
	}
	return false;
}

uint64_t loss_skipped(const struct image *img, struct store *store)
{
	uint64_t sum = 0;

	for (uint32_t p = 0; p < img->probes.n; p++)
		for (uint32_t l = 0; l < LOSS_N; l++)
			if (is_skip((enum image_loss)l))
				sum += *store_loss(store, p,
						   (enum image_loss)l);
	return sum;
}

uint64_t loss_own(const struct image *img, struct store *store)
{
	uint64_t sum = 0;

	for (uint32_t p = 0; p < img->probes.n; p++)
		sum += *store_loss(store, p, LOSS_RECURSION);
	return sum;
}

static void report_probe(const struct image *img, struct store *store,
			 struct output *out, uint32_t probe, bool verbose)
{
	struct str point = image_str(img, img->probes.v[probe].point);

	for (uint32_t l = 0; l < LOSS_N; l++) {
		uint64_t n = *store_loss(store, probe, (enum image_loss)l);

		if (n && (l != LOSS_STRING || verbose))
			output_warn(out, "%" STR_FMT ": %s (%" PRIu64 ")",
				    STR_ARG(point),
				    image_loss_text((enum image_loss)l), n);
	}
}

void loss_report(const struct image *img, struct store *store,
		 struct output *out, bool verbose)
{
	uint64_t errors = store_session(store)->errors;
	uint64_t skipped = loss_skipped(img, store);

	if (errors || skipped)
		output_warn(out, "Number of errors: %" PRIu64
			    ", skipped probes: %" PRIu64, errors, skipped);
	for (uint32_t p = 0; p < img->probes.n; p++)
		report_probe(img, store, out, p, verbose);
}

/* As SystemTap has it, but for the unit: it counts cycles. */
static void add_hits(struct buf *b, const struct image *img,
		     struct store *store, uint32_t probe)
{
	const struct image_probe *p = &img->probes.v[probe];
	const struct image_times *t = store_times(store, probe);
	uint64_t hits = *store_hits(store, probe);

	buf_printf(b, "%" STR_FMT, STR_ARG(image_str(img, p->point)));
	if (p->place < img->places.n) {
		const struct image_place *at = &img->places.v[p->place];

		buf_printf(b, ", (%" STR_FMT ":%u:%u)",
			   STR_ARG(image_str(img, at->file)), at->line,
			   at->col);
	}
	buf_printf(b, ", hits: %" PRIu64, hits);
	if (t && hits)
		buf_printf(b, ", ns: %" PRIu64 "min/%" PRIu64 "avg/%" PRIu64
			   "max", t->min ? ~t->min : 0, t->sum / hits, t->max);
	buf_printf(b, ", from: %" STR_FMT ", index: %u",
		   STR_ARG(image_str(img, p->name)), probe);
}

void loss_report_hits(const struct image *img, struct store *store,
		      struct output *out)
{
	struct buf line = {};

	output_log(out, STR("----- probe hit report: "));
	for (uint32_t p = 0; p < img->probes.n; p++) {
		line.len = 0;
		add_hits(&line, img, store, p);
		output_log(out, buf_view(&line));
	}
	buf_deinit(&line);
}
