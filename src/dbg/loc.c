/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/loc.h"

#include <inttypes.h>

#include "base/buf.h"

#define LOC_DEPTH_MAX 8

const char *dbg_loc_op_name(enum dbg_loc_code code)
{
	static const char *const names[] = {
#define LOC_OP(name, text, pops, pushes) text,
#include "dbg/loc.def"
#undef LOC_OP
	};

	return names[code];
}

static void loc_op(struct buf *b, const struct dbg_loc_op *op)
{
	buf_printf(b, "%s", dbg_loc_op_name(op->code));
	switch (op->code) {
	case DBG_LOC_OP_CONST:
		buf_printf(b, " %" PRId64, (int64_t)op->value);
		break;
	case DBG_LOC_OP_REG:
	case DBG_LOC_OP_ENTRY:
	case DBG_LOC_OP_SYMBOL:
	case DBG_LOC_OP_PICK:
		buf_printf(b, " %" PRIu64, op->value);
		break;
	case DBG_LOC_OP_ADDR:
		buf_printf(b, " 0x%" PRIx64, op->value);
		break;
	case DBG_LOC_OP_LOAD:
	case DBG_LOC_OP_SEXT:
	case DBG_LOC_OP_ZEXT:
		buf_printf(b, " %u", (unsigned int)op->size);
		break;
#define LOC_NONE(name) case DBG_LOC_OP_##name:
	LOC_NONE(FUNC) LOC_NONE(TASK) LOC_NONE(MAPPED)
	LOC_NONE(RETURN)
	LOC_NONE(TLS) LOC_NONE(CPU) LOC_NONE(ADD) LOC_NONE(SUB) LOC_NONE(MUL)
	LOC_NONE(SDIV) LOC_NONE(UDIV) LOC_NONE(SMOD) LOC_NONE(UMOD)
	LOC_NONE(AND) LOC_NONE(OR) LOC_NONE(XOR) LOC_NONE(SHL) LOC_NONE(SHR)
	LOC_NONE(SAR) LOC_NONE(NEG) LOC_NONE(NOT) LOC_NONE(ABS) LOC_NONE(EQ)
	LOC_NONE(NE) LOC_NONE(SLT) LOC_NONE(SLE) LOC_NONE(SGT) LOC_NONE(SGE)
	LOC_NONE(ULT) LOC_NONE(ULE) LOC_NONE(UGT) LOC_NONE(UGE)
	LOC_NONE(DROP) LOC_NONE(SWAP) LOC_NONE(SWAPZ) LOC_NONE(ROT)
	LOC_NONE(CHECK)
#undef LOC_NONE
		break;
	}
}

static void loc_text(struct buf *b, const struct dbg_loc *l, int depth)
{
	static const char *const ends[] = {
		[DBG_LOC_NONE] = "none",
		[DBG_LOC_MEMORY] = " -> memory",
		[DBG_LOC_REGISTER] = " -> register",
		[DBG_LOC_VALUE] = " -> value",
		[DBG_LOC_BYTES] = "bytes",
		[DBG_LOC_POINTER] = "pointer to",
		[DBG_LOC_PIECES] = "pieces",
	};

	for (uint32_t i = 0; i < l->nops; i++) {
		buf_printf(b, "%s", i ? ", " : "");
		loc_op(b, &l->ops[i]);
	}
	buf_printf(b, "%s", ends[l->kind]);
	if (l->kind == DBG_LOC_NONE && l->reason)
		buf_printf(b, " (%s)", l->reason);
	for (uint32_t i = 0; i < l->bytes.len; i++)
		buf_printf(b, " %02x", (unsigned int)(uint8_t)l->bytes.s[i]);
	if (depth >= LOC_DEPTH_MAX)
		return;
	if (l->target) {
		buf_printf(b, " (%+" PRId64 "): ", l->offset);
		loc_text(b, l->target, depth + 1);
	}
	for (uint32_t i = 0; i < l->npieces; i++) {
		buf_printf(b, " [%u bits at %u: ", l->pieces[i].bits,
			   l->pieces[i].bit_offset);
		loc_text(b, &l->pieces[i].loc, depth + 1);
		buf_char(b, ']');
	}
}

struct str dbg_loc_text(struct arena *a, const struct dbg_loc *loc)
{
	struct buf b = {};
	struct str s;

	loc_text(&b, loc, 0);
	s = arena_str(a, buf_view(&b));
	buf_deinit(&b);
	return s;
}
