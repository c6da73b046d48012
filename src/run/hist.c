/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/hist.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bits.h"

#define BAR_WIDTH 50
/* Empty rows that are shown before the first and behind the last that is
 * not. */
#define MARGIN 2

struct drawing {
	const struct image_stat *stat;
	const uint8_t *buckets;
	uint32_t n;
	uint32_t low, high;	/* rows shown, both included */
	uint64_t elision;	/* of a longer run of empty rows, so many are
				 * shown at either end */
	uint64_t scale;		/* counts per '@' */
	int value_width, count_width;
};

static uint64_t count_at(const struct drawing *d, uint32_t i)
{
	uint64_t v;

	memcpy(&v, d->buckets + 8 * (size_t)i, sizeof(v));
	return v;
}

/* Is it the row of what is below, or above, a linear histogram? */
static bool is_outside(const struct drawing *d, uint32_t i)
{
	return d->stat->hist == HIST_LINEAR && (i == 0 || i == d->n - 1);
}

static int label(const struct drawing *d, uint32_t i, char *ret, size_t size)
{
	const char *prefix = "";

	if (is_outside(d, i)) {
		prefix = i ? ">" : "<";
		i = i ? i - 1 : 0;
	}
	return snprintf(ret, size, "%s%" PRId64, prefix,
			image_hist_value(d->stat, i));
}

/* Of a logarithmic one no row below 0 unless there is something negative. */
static uint32_t margin_below(const struct drawing *d, uint32_t first)
{
	uint32_t zero = HIST_LOG_BUCKETS / 2;
	uint32_t floor = d->stat->hist == HIST_LOG && first >= zero ? zero : 0;

	return MIN(first - floor, (uint32_t)MARGIN);
}

static void find_rows(struct drawing *d)
{
	uint32_t first = 0, last = d->n - 1;
	bool linear = d->stat->hist == HIST_LINEAR;

	while (first < last && !count_at(d, first))
		first++;
	while (last > first && !count_at(d, last))
		last--;
	d->low = first - margin_below(d, first);
	d->high = MIN(last + MARGIN, d->n - 1);
	if (linear && !d->low && first)
		d->low = 1;
	if (linear && d->high == d->n - 1 && last < d->high)
		d->high--;
}

static void measure(struct drawing *d)
{
	uint64_t max = 0;
	char text[32];

	d->value_width = (int)sizeof("value") - 1;
	for (uint32_t i = d->low; i <= d->high; i++) {
		d->value_width = MAX(d->value_width,
				     label(d, i, text, sizeof(text)));
		max = MAX(max, count_at(d, i));
	}
	d->scale = max / BAR_WIDTH + (max % BAR_WIDTH != 0);
	if (!d->scale)
		d->scale = 1;
	d->count_width = snprintf(text, sizeof(text), "%" PRIu64, max);
}

static void draw_row(const struct drawing *d, uint32_t i, struct buf *out)
{
	uint64_t n = count_at(d, i);
	char text[32], bar[BAR_WIDTH + 1];
	uint64_t length = n / d->scale;

	label(d, i, text, sizeof(text));
	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '@', length);
	bar[BAR_WIDTH] = '\0';
	buf_printf(out, "%*s |%s %*" PRIu64 "\n", d->value_width, text, bar,
		   d->count_width, n);
}

/* How many rows from i on are empty. */
static uint32_t empty_run(const struct drawing *d, uint32_t i)
{
	uint32_t n = 0;

	while (i + n <= d->high && !count_at(d, i + n) &&
	       !is_outside(d, i + n))
		n++;
	return n;
}

static void draw_rows(const struct drawing *d, struct buf *out)
{
	for (uint32_t i = d->low; i <= d->high;) {
		uint32_t empty = empty_run(d, i);

		if (empty <= 2 * d->elision) {
			draw_row(d, i++, out);
			continue;
		}
		for (uint32_t k = 0; k < d->elision; k++)
			draw_row(d, i + k, out);
		buf_printf(out, "%*s~\n", d->value_width + 1, "");
		for (uint32_t k = (uint32_t)d->elision; k > 0; k--)
			draw_row(d, i + empty - k, out);
		i += empty;
	}
}

void hist_text(const struct image_stat *s, const uint8_t *stat,
	       uint32_t elision, struct buf *out)
{
	struct drawing d = {
		.elision = elision,
		.stat = s,
		.buckets = stat + image_stat_buckets_offset(s),
		.n = image_stat_buckets(s),
	};

	if (!d.n)
		return;
	find_rows(&d);
	measure(&d);
	buf_printf(out, "%*s |", d.value_width, "value");
	for (int i = 0; i < BAR_WIDTH; i++)
		buf_char(out, '-');
	buf_printf(out, " count\n");
	draw_rows(&d, out);
	buf_char(out, '\n');
}
