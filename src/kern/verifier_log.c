/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log is lines "12: (79) r1 = *(u64 *)(r6 +8)" with remarks between; at
 * its end the reason, then lines of statistics ("processed 42 insns ...").
 */
#include "kern/verifier_log.h"

#include <errno.h>


#define VERIFIER_LOG_TAIL 20	/* lines that are shown */

static bool line_is_statistics(struct str line)
{
	static const struct str heads[] = {
		STR_INIT("processed "), STR_INIT("verification time"),
		STR_INIT("stack depth"), STR_INIT("func#"),
		STR_INIT("max_states"),
	};

	for (uint32_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (str_starts(line, heads[i]))
			return true;
	return !line.len;
}

/* The line before *end; *end moves to its start. */
static struct str line_before(struct str log, uint32_t *end)
{
	uint32_t to = *end, from;

	if (to && log.s[to - 1] == '\n')
		to--;
	for (from = to; from && log.s[from - 1] != '\n'; from--)
		;
	*end = from;
	return str_sub(log, from, to - from);
}

/* The number of an instruction that a line begins with, or -1. */
static int64_t line_insn(struct str line)
{
	int64_t colon = str_find_char(line, ':');
	int64_t n;

	if (colon < 1 || colon > 7 ||
	    !str_to_s64(str_sub(line, 0, (uint32_t)colon), &n) || n < 0)
		return -1;
	return n;
}

/* The last place that a program's line table has at or before insn. */
static const struct image_place *place_of(const struct image *img,
					  const struct image_prog *p,
					  int64_t insn)
{
	uint32_t place = IMAGE_NONE;

	for (uint32_t i = 0; i < p->nlines; i++) {
		const struct image_line *line =
			&img->lines.v[p->first_line + i];

		if (insn >= 0 && line->insn <= insn)
			place = line->place;
	}
	return place < img->places.n ? &img->places.v[place] : NULL;
}

/* The reason, and where the last lines worth showing begin. */
static void read_tail(struct str log, struct str *reason, int64_t *insn,
		      uint32_t *from)
{
	uint32_t end = log.len, lines = 0;

	*insn = -1;
	*from = end;
	while (end && lines < VERIFIER_LOG_TAIL) {
		struct str line = line_before(log, &end);

		if (!reason->len && line_is_statistics(line))
			continue;
		if (!reason->len)
			*reason = line;
		else if (*insn < 0)
			*insn = line_insn(line);
		*from = end;
		lines++;
	}
}

/* Does the verifier give up, rather than find something wrong? */
static bool is_too_much(struct str reason, int errnum)
{
	static const struct str said[] = {
		STR_INIT("BPF program is too large"),
		STR_INIT("The sequence of "),
		/* Jumps of 16 bits, between which it puts instructions. */
		STR_INIT("cannot be patched due to 16-bit range"),
		/* A jump of 32 bits, before Linux 6.6. */
		STR_INIT("unknown opcode 06"),
	};

	for (uint32_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (str_find(reason, said[i]) >= 0)
			return true;
	return errnum == E2BIG;
}

/* Loops by may_goto can be made of steps (codegen/stepped.h), and steps can be
 * shorter. */
static bool has_other_form(const struct image *img)
{
	image_features calls = FEATURE_BIT(BPF_LOOP) | FEATURE_BIT(FOR_EACH);

	return img->turns > 1 ||
	       ((img->features & calls) && !img->short_steps);
}

/* The place is where it was when it gave up: often a loop, or one of many
 * operations that are long. */
static struct err *too_much(const struct image *img, const struct image_prog *p)
{
	struct err *e = err_new(has_other_form(img) ? ERR_TOO_LONG :
						      ERR_VERIFIER,
		"the handler of probe '%" STR_FMT "' is more than this "
		"kernel's verifier follows",
		STR_ARG(image_str(img, p->name)));

	return err_hint(e, "a handler with fewer loops, or fewer operations on "
			   "texts and statistics, is accepted: do a part in a "
			   "probe of its own or in a timer or end probe, or "
			   "make texts shorter (-D MAXSTRINGLEN=64); newer "
			   "kernels accept more");
}

static struct err *refused(const struct image *img, const struct image_prog *p,
			   struct str reason, struct str tail)
{
	struct err *e = err_new(ERR_VERIFIER,
		"the kernel refuses the program of probe '%" STR_FMT
		"': %" STR_FMT "\n%" STR_FMT,
		STR_ARG(image_str(img, p->name)), STR_ARG(reason),
		STR_ARG(tail));

	return err_hint(e, "this is a mistake of spile, not of the script: "
			   "please report it");
}

static struct err *never_returns(const struct image *img,
				 const struct image_prog *p)
{
	return err_new(ERR_UNSUPPORTED, "function '%" STR_FMT "' never returns",
		       STR_ARG(image_str(img, p->attach_to)));
}

struct err *verifier_log_too_long(const struct image *img,
				  const struct image_prog *p)
{
	return has_other_form(img) ? too_much(img, p) : NULL;
}

struct err *verifier_log_explain(const struct image *img,
				 const struct image_prog *p, const char *log,
				 int errnum)
{
	struct str text = str_from(log), reason = {};
	const struct image_place *place;
	struct err *e;
	uint32_t from;
	int64_t insn;

	read_tail(text, &reason, &insn, &from);
	place = place_of(img, p, insn);
	if (!reason.len && errnum == ENOMEM)
		return err_os(errnum, "loading a program");
	if (!reason.len)
		reason = str_from(strerror(errnum));
	if (p->attach_to && str_find(reason, STR("__noreturn")) >= 0)
		return never_returns(img, p);
	if (is_too_much(reason, errnum))
		e = too_much(img, p);
	else
		e = refused(img, p, reason,
			    str_sub(text, from, text.len - from));
	if (place)
		err_context(e, "%" STR_FMT ":%u:%u",
			    STR_ARG(image_str(img, place->file)), place->line,
			    place->col);
	return e;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(verifier_log_tail)
{
	struct str log = STR("0: (b7) r0 = 0\n"
			     "; a remark\n"
			     "12: (79) r1 = *(u64 *)(r6 +8)\n"
			     "invalid mem access 'scalar'\n"
			     "processed 42 insns (limit 1000000)\n"
			     "verification time 12 usec\n");
	struct str reason = {};
	uint32_t from;
	int64_t insn;

	read_tail(log, &reason, &insn, &from);
	TEST(str_is(reason, "invalid mem access 'scalar'"));
	TEST_EQ(insn, 12);
	TEST_EQ(from, 0);
	TEST(!is_too_much(reason, EACCES));
	TEST(is_too_much(reason, E2BIG));
	TEST(is_too_much(STR("unknown opcode 06"), EINVAL));
	TEST(!is_too_much(STR("unknown opcode 07"), EINVAL));
	TEST(is_too_much(STR("671: (35) if r0 >= 0x2 goto pc+43 BPF program "
			     "is too large. Processed 1000001 insn"), EACCES));
	reason = (struct str){};
	read_tail(STR(""), &reason, &insn, &from);
	TEST(!reason.len && insn == -1);
	read_tail(STR("\n\n"), &reason, &insn, &from);
	TEST(!reason.len && insn == -1);
}
#endif
