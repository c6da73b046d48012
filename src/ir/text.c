/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/text.h"

enum ir_imm ir_imm(enum image_op op)
{
	static const uint8_t imm[OP_N] = {
		[OP_CONST] = IMM_NUMBER,
		[OP_TICK] = IMM_NUMBER,
		[OP_ACCESS] = IMM_NUMBER,
		[OP_CTX_WORD] = IMM_NUMBER,
		[OP_LOAD] = IMM_NUMBER,
		[OP_LOAD_STR] = IMM_NUMBER,
		[OP_STORE] = IMM_NUMBER,
		[OP_ITER_KEY] = IMM_NUMBER,
		[OP_STR] = IMM_STRING,
		[OP_PERF_READ] = IMM_STRING,
		[OP_GET] = IMM_VAR,
		[OP_SET] = IMM_VAR,
		[OP_SAVE] = IMM_VAR,
		[OP_RESTORE] = IMM_VAR,
		[OP_STR_FMT] = IMM_FORMAT,
		[OP_PRINT] = IMM_FORMAT,
		[OP_RAISE] = IMM_ERROR,
		[OP_CALL] = IMM_FUNC,
		[OP_EMIT] = IMM_FUNC,
		[OP_GGET] = IMM_GLOBAL,
		[OP_GSET] = IMM_GLOBAL,
		[OP_GADD] = IMM_GLOBAL,
		[OP_GNEXT] = IMM_GLOBAL,
		[OP_AGET] = IMM_GLOBAL,
		[OP_ASET] = IMM_GLOBAL,
		[OP_AADD] = IMM_GLOBAL,
		[OP_AHAS] = IMM_GLOBAL,
		[OP_ADEL] = IMM_GLOBAL,
		[OP_STAT_ADD] = IMM_GLOBAL,
		[OP_STAT_GET] = IMM_GLOBAL,
		[OP_STAT_CLEAR] = IMM_GLOBAL,
		[OP_PRINT_HIST] = IMM_GLOBAL,
		[OP_HIST_STR] = IMM_GLOBAL,
		[OP_HIST_TAKE] = IMM_GLOBAL,
		[OP_ITER_NEW] = IMM_ITER,
		[OP_INTRIN] = IMM_INTRINSIC,
		[OP_MATCH] = IMM_DFA,
	};

	return imm[op];
}

const char *ir_error_name(uint32_t e)
{
	static const char *const names[] = {
#define ERROR(id, message, operand) #id,
#include "image/error.def"
#undef ERROR
	};

	return e < ARRAY_SIZE(names) ? names[e] : "?";
}

const char *ir_stat_op_name(uint32_t op)
{
	static const char *const names[] = {
		[STAT_OP_COUNT] = "count",
		[STAT_OP_SUM] = "sum",
		[STAT_OP_MIN] = "min",
		[STAT_OP_MAX] = "max",
		[STAT_OP_AVG] = "avg",
		[STAT_OP_VARIANCE] = "variance",
		[STAT_OP_BUCKET] = "bucket",
	};

	return op < ARRAY_SIZE(names) ? names[op] : "?";
}

const char *ir_load_flag(uint32_t bit)
{
	static const char *const names[] = { "signed", "user", "ctx",
					     "quiet", "asks" };

	if (bit < IR_LOAD_FLAG_FIRST || bit > IR_LOAD_FLAG_LAST)
		return NULL;
	return names[bit - IR_LOAD_FLAG_FIRST];
}
