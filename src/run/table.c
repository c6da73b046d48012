/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/table.h"

#include "base/bits.h"

uint32_t table_value_size(const struct image_global *g)
{
	switch ((enum image_type)g->type) {
	case IT_STATS:
		return image_stat_size(&g->stat);
	case IT_STRING:
		return align_up(g->bound + 1U, 8);
	case IT_LONG:
	case IT_VOID:
		break;
	}
	return 8;
}
