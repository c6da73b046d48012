/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/standins.h"

#include "base/bits.h"

/* Each copy takes two open files and time to load: scripts with more probes
 * than these have none. */
#define STANDINS_PROBES 100

/* Tracepoints that the scheduler, the timers and interrupts hit, which nobody
 * takes the processor from. */
static bool keeps_processor(struct str name)
{
	static const char *const begins[] = {
		"sched_switch", "sched_wak", "sched_migrate", "sched_stat",
		"irq_",		"softirq_",  "timer_",	      "hrtimer_",
		"tick_",	"rcu_",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (str_starts(name, str_from(begins[i])))
			return true;
	return false;
}

bool standins_wanted(const struct ir_program *p, const struct ir_probe *pr)
{
	/* Kernels with the last of these, or without the others, need none. */
	image_features need = FEATURE_BIT(MAY_GOTO) | FEATURE_BIT(TASK_STORAGE);
	image_features has = p->features & (need | FEATURE_BIT(TP_KEPT));

	return has == need && p->probes.n <= STANDINS_PROBES &&
	       (pr->image.kind == PROBE_RAW_TP ||
		pr->image.kind == PROBE_SYSCALL ||
		pr->image.kind == PROBE_PROCESS ||
		pr->image.kind == PROBE_FENTRY ||
		pr->image.kind == PROBE_FEXIT) &&
	       !keeps_processor(image_str(p->image, pr->image.site.name));
}
