/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/standins.h"

#include "base/bits.h"

/* Each takes two open files and time to load: scripts with more probes than
 * these have none. */
#define STANDINS_PROBES 100

/* Trampolines take 38 programs (BPF_MAX_TRAMP_LINKS) of each function. */
#define STANDINS_OF_FUNCTION 8

/* Tracepoints that the scheduler, the timers and interrupts hit, which nobody
 * takes the processor from; and one where marks may not be allocated. */
static bool keeps_processor(struct str name)
{
	static const char *const begins[] = {
		"sched_switch",	 "sched_wak",	   "sched_migrate",
		"sched_stat",	 "irq_",	   "softirq_",
		"timer_start",	 "timer_expire",   "timer_cancel",
		"hrtimer_start", "hrtimer_expire", "hrtimer_cancel",
		"tick_",	 "rcu_",	   "nmi_handler",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (str_starts(name, str_from(begins[i])))
			return true;
	return false;
}

static bool is_function(const struct ir_probe *pr)
{
	return pr->image.kind == PROBE_FENTRY || pr->image.kind == PROBE_FEXIT;
}

static uint32_t probes_of_function(const struct ir_program *p, istr name)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->probes.n; i++)
		n += is_function(&p->probes.v[i]) &&
		     p->probes.v[i].image.site.name == name;
	return n;
}

static bool is_of_kind(const struct ir_program *p, const struct ir_probe *pr)
{
	istr name = pr->image.site.name;

	if (is_function(pr))
		return probes_of_function(p, name) <= STANDINS_OF_FUNCTION;
	return pr->image.kind == PROBE_SYSCALL ||
	       pr->image.kind == PROBE_PROCESS ||
	       (pr->image.kind == PROBE_RAW_TP &&
		!keeps_processor(image_str(p->image, name)));
}

bool standins_wanted(const struct ir_program *p, const struct ir_probe *pr)
{
	/* Kernels with the last of these need none; without the first, handlers
	 * go on by tail calls of their own. */
	image_features need = FEATURE_BIT(MAY_GOTO) | FEATURE_BIT(TASK_STORAGE);
	image_features has = p->features & (need | FEATURE_BIT(TP_KEPT));

	return has == need && p->probes.n <= STANDINS_PROBES &&
	       is_of_kind(p, pr);
}
