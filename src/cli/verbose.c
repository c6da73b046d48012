/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verbose.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/compile.h"

static int64_t microseconds(struct timeval t)
{
	return t.tv_sec * INT64_C(1000000) + t.tv_usec;
}

struct verbose_clock verbose_now(void)
{
	struct rusage usage;
	struct timespec t;

	getrusage(RUSAGE_SELF, &usage);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (struct verbose_clock){
		.user = microseconds(usage.ru_utime),
		.system = microseconds(usage.ru_stime),
		.real = t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000,
	};
}

void verbose_step(const char *name, const struct verbose_clock *start)
{
	fprintf(stderr, "  %s: %" PRId64 " us\n", name,
		verbose_now().real - start->real);
}

/* "1 probe", "2 probes" */
static void print_count(const char *before, uint32_t n, const char *what)
{
	fprintf(stderr, "%s%u %s%s", before, n, what, n == 1 ? "" : "s");
}

/* " using 9virt/9res/9shr/9data kb": of this process, now. */
static void print_memory(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/statm", "re");
	uint64_t size, resident, shared, data;
	uint64_t kb = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;

	if (!f || fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %" SCNu64,
			 &size, &resident, &shared, &data) != 4)
		return;
	fprintf(stderr, " using %" PRIu64 "virt/%" PRIu64 "res/%" PRIu64
		"shr/%" PRIu64 "data kb", size * kb, resident * kb,
		shared * kb, data * kb);
}

static void print_times(const struct verbose_clock *start)
{
	struct verbose_clock now = verbose_now();

	fprintf(stderr, " in %" PRId64 "usr/%" PRId64 "sys/%" PRId64
		"real ms.\n", (now.user - start->user) / 1000,
		(now.system - start->system) / 1000,
		(now.real - start->real) / 1000);
}

/* -v: handlers that keep others waiting. */
static void report_locks(const struct compile *c)
{
	for (uint32_t i = 0; i < c->ir.probes.n; i++) {
		const struct ir_probe *p = &c->ir.probes.v[i];

		if (p->locks)
			fprintf(stderr, "  %" STR_FMT " takes the lock: it reads and writes globals that others change\n",
				STR_ARG(image_str(&c->image, p->image.point)));
	}
}

/* The text of the program's file i. */
static const struct source *source_at(const struct compile *c, uint32_t i)
{
	return c->sources.files.v[c->program.files.v[i]->source];
}

static uint32_t count_library(const struct compile *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->program.files.n; i++)
		n += source_at(c, i)->is_library;
	return n;
}

static void print_did(const struct compile *c, unsigned number)
{
	fprintf(stderr, "Pass %u: ", number);
	switch (number) {
	case 1:
		fputs("parsed user script and ", stderr);
		print_count("", count_library(c), "library script");
		break;
	case 2:
		fputs("analyzed script: ", stderr);
		print_count("", c->program.probes.n + c->program.listed.n,
			    "probe");
		print_count(", ", c->program.funcs.n, "function");
		print_count(", ", 0, "embed");
		print_count(", ", c->program.globals.n, "global");
		break;
	default:
		fputs("translated to ", stderr);
		print_count("", c->image.progs.n, "BPF program");
		print_count(" of ", c->image.insns.n, "instruction");
		print_count(" and ", c->image.funcs.n, "host function");
		break;
	}
}

/* -q: what the script has used of the library. */
static void print_coverage(const struct compile *c)
{
	for (uint32_t i = 0; i < c->program.files.n; i++) {
		const struct source *s = source_at(c, i);

		if (s->is_library)
			fprintf(stderr, "uses library script %" STR_FMT "\n",
				STR_ARG(s->name));
	}
}

void verbose_pass(struct compile *c, unsigned number,
		  struct verbose_clock *start)
{
	if (options_verbose(c->options, number)) {
		print_did(c, number);
		print_memory();
		fputc(',', stderr);
		print_times(start);
		if (number == 3)
			report_locks(c);
	}
	if (number == 3 && c->options->last_pass == 4 &&
	    options_verbose(c->options, 4))
		fputs("Pass 4: saved the image.\n", stderr);
	if (number == 2 && c->options->coverage)
		print_coverage(c);
	*start = verbose_now();
}

void verbose_begin_run(const struct options *o)
{
	if (options_verbose(o, 5))
		fputs("Pass 5: starting run.\n", stderr);
}

void verbose_end_run(const struct options *o,
		     const struct verbose_clock *start)
{
	if (!options_verbose(o, 5))
		return;
	fputs("Pass 5: run completed", stderr);
	print_times(start);
}

void verbose_failed(struct compile *c, unsigned number)
{
	static const char *const what[] = {
		"", "parse", "analysis", "translation", "saving",
	};

	if (options_verbose(c->options, number))
		fprintf(stderr, "Pass %u: %s failed.\n", number,
			what[number < 5 ? number : 0]);
}
