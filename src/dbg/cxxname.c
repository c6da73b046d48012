/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Itanium C++ ABI, section 5.1: a name is a list of components.  Everything
 * else (types, the arguments of templates, expressions) is only read over, so
 * that nothing depends on the back references in it, and the text is never
 * longer than what it comes from.
 */
#include "dbg/cxxname.h"

#include "base/buf.h"
#include "base/vec.h"

#define CXXNAME_MAX 16384	/* longer names are none */
#define CXXNAME_DEPTH_MAX 128
#define CXXNAME_HASH "17h"	/* what ends Rust's: 16 digits behind it */

struct cxxname {
	struct str s;
	uint32_t at;
	uint32_t depth;
	uint32_t quiet;		/* in what is only read over */
	bool bad;
	struct buf out;
	struct str last;	/* the class whose constructor may follow */
};

static char peek(const struct cxxname *n)
{
	return n->bad || n->at >= n->s.len ? 0 : n->s.s[n->at];
}

static bool take(struct cxxname *n, const char *text)
{
	if (n->bad || !str_starts(str_sub(n->s, n->at, n->s.len),
				  str_from(text)))
		return false;
	n->at += (uint32_t)strlen(text);
	return true;
}

static void want(struct cxxname *n, const char *text)
{
	if (!take(n, text))
		n->bad = true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static uint32_t number(struct cxxname *n)
{
	uint32_t v = 0;

	if (!is_digit(peek(n)))
		n->bad = true;
	while (is_digit(peek(n)) && v < CXXNAME_MAX)
		v = 10 * v + (uint32_t)(n->s.s[n->at++] - '0');
	return v;
}

/* "_", "0_", "1A_": numbers of parameters, substitutions, lambdas. */
static void sequence(struct cxxname *n)
{
	while (is_digit(peek(n)) || (peek(n) >= 'A' && peek(n) <= 'Z'))
		n->at++;
	want(n, "_");
}

static bool enter(struct cxxname *n)
{
	if (n->depth++ >= CXXNAME_DEPTH_MAX)
		n->bad = true;
	return !n->bad;
}

static void emit(struct cxxname *n, struct str text)
{
	if (!n->quiet && !n->bad)
		buf_str(&n->out, text);
}

static void component(struct cxxname *n, struct str text)
{
	if (n->out.len > 0)
		emit(n, STR("::"));
	emit(n, text);
	if (!n->quiet)
		n->last = text;
}

/* ---- what is read over ---- */

static void skip_type(struct cxxname *n);
static void skip_expression(struct cxxname *n);
static void read_name(struct cxxname *n);
static void read_encoding(struct cxxname *n);

static void skip_source_name(struct cxxname *n)
{
	uint32_t len = number(n);

	if (!len || len > n->s.len - n->at)
		n->bad = true;
	else
		n->at += len;
}

/* "Lb1E", "L_Z3foovE", "LDnE" */
static void skip_literal(struct cxxname *n)
{
	if (take(n, "_Z")) {
		n->quiet++;
		read_encoding(n);
		n->quiet--;
	} else {
		skip_type(n);
		while (peek(n) && peek(n) != 'E')
			n->at++;
	}
	want(n, "E");
}

static void skip_arg(struct cxxname *n)
{
	if (!enter(n))
		return;
	if (take(n, "L")) {
		skip_literal(n);
	} else if (take(n, "X")) {
		skip_expression(n);
		want(n, "E");
	} else if (take(n, "J")) {
		while (!n->bad && !take(n, "E"))
			skip_arg(n);
	} else {
		skip_type(n);
	}
	n->depth--;
}

/* Behind the "I". */
static void skip_args(struct cxxname *n)
{
	while (!n->bad && !take(n, "E"))
		skip_arg(n);
}

static void skip_types(struct cxxname *n)
{
	while (!n->bad && !take(n, "E"))
		skip_type(n);
}

static void skip_name(struct cxxname *n)
{
	n->quiet++;
	read_name(n);
	n->quiet--;
}

/* Behind the "D". */
static void skip_type_d(struct cxxname *n)
{
	if (take(n, "p")) {
		skip_type(n);
	} else if (take(n, "t") || take(n, "T") || take(n, "O")) {
		skip_expression(n);
		want(n, "E");
		if (peek(n) == 'F')
			skip_type(n);
	} else if (take(n, "o")) {
		skip_type(n);
	} else if (take(n, "v")) {
		if (take(n, "_"))
			skip_expression(n);
		else
			number(n);
		want(n, "_");
		skip_type(n);
	} else if (take(n, "F") || take(n, "B") || take(n, "U")) {
		number(n);
		if (!take(n, "b") && !take(n, "x"))
			want(n, "_");
	} else if (peek(n) && strchr("defhisucan", peek(n))) {
		n->at++;
	} else {
		n->bad = true;
	}
}

/* Behind the "S". */
static void skip_substitution(struct cxxname *n)
{
	if (peek(n) && strchr("absiod", peek(n)))
		n->at++;
	else if (take(n, "t"))
		skip_name(n);
	else
		sequence(n);
	if (take(n, "I"))
		skip_args(n);
}

static void skip_array(struct cxxname *n)
{
	if (is_digit(peek(n)))
		number(n);
	else if (peek(n) != '_')
		skip_expression(n);
	want(n, "_");
	skip_type(n);
}

/* Behind the "T". */
static void skip_param(struct cxxname *n)
{
	if (peek(n) && strchr("sue", peek(n))) {
		n->at++;
		skip_name(n);
		return;
	}
	sequence(n);
	if (take(n, "I"))
		skip_args(n);
}

static void skip_type_in(struct cxxname *n)
{
	while (peek(n) && strchr("PROCGrVK", peek(n)))
		n->at++;
	if (peek(n) && strchr("vwbcahstijlmxynofdegz", peek(n)) &&
	    !is_digit(peek(n))) {
		n->at++;
	} else if (take(n, "u")) {
		skip_source_name(n);
	} else if (take(n, "U")) {
		skip_source_name(n);
		if (take(n, "I"))
			skip_args(n);
		skip_type(n);
	} else if (take(n, "D")) {
		skip_type_d(n);
	} else if (take(n, "F")) {
		take(n, "Y");
		while (!n->bad && !take(n, "E"))
			if (!take(n, "RE") && !take(n, "OE"))
				skip_type(n);
			else
				return;
	} else if (take(n, "A")) {
		skip_array(n);
	} else if (take(n, "M")) {
		skip_type(n);
		skip_type(n);
	} else if (take(n, "T")) {
		skip_param(n);
	} else if (take(n, "S")) {
		skip_substitution(n);
	} else {
		skip_name(n);
	}
}

static void skip_type(struct cxxname *n)
{
	if (enter(n))
		skip_type_in(n);
	n->depth--;
}

static void skip_expressions(struct cxxname *n)
{
	while (!n->bad && !take(n, "E"))
		skip_expression(n);
}

/* "fp_", "fL0p1_" */
static void skip_function_param(struct cxxname *n)
{
	if (take(n, "fL")) {
		number(n);
		want(n, "p");
	} else {
		want(n, "fp");
	}
	while (peek(n) && strchr("rVK", peek(n)))
		n->at++;
	sequence(n);
}

/* "sr" type and names of it. */
static void skip_scoped(struct cxxname *n)
{
	if (take(n, "N")) {
		skip_type(n);
		while (!n->bad && !take(n, "E")) {
			skip_source_name(n);
			if (take(n, "I"))
				skip_args(n);
		}
	} else {
		skip_type(n);
	}
	if (take(n, "on"))
		n->at += 2;
	else
		skip_source_name(n);
	if (take(n, "I"))
		skip_args(n);
}

/* Operators by how many operands they have. */
static int operands(struct str op)
{
	static const char one[] = "ps ng ad de pp mm nt co nx sp te aw sz ";
	static const char three[] = "qu ";
	int64_t at = str_find(STR(one), op);

	if (at >= 0 && at % 3 == 0)
		return 1;
	return str_find(STR(three), op) == 0 ? 3 : 2;
}

static void skip_expression_in(struct cxxname *n)
{
	struct str op = str_sub(n->s, n->at, 2);

	if (take(n, "L")) {
		skip_literal(n);
	} else if (take(n, "T")) {
		sequence(n);
	} else if (is_digit(peek(n))) {
		skip_source_name(n);
		if (take(n, "I"))
			skip_args(n);
	} else if (str_is(op, "fp") || str_is(op, "fL")) {
		skip_function_param(n);
	} else if (take(n, "cl") || take(n, "il")) {
		skip_expressions(n);
	} else if (take(n, "tl")) {
		skip_type(n);
		skip_expressions(n);
	} else if (take(n, "cv")) {
		skip_type(n);
		if (take(n, "_"))
			skip_expressions(n);
		else
			skip_expression(n);
	} else if (take(n, "st") || take(n, "ti") || take(n, "at")) {
		skip_type(n);
	} else if (take(n, "sZ")) {
		skip_expression(n);
	} else if (take(n, "sr")) {
		skip_scoped(n);
	} else if (take(n, "dt") || take(n, "pt")) {
		skip_expression(n);
		skip_expression(n);
	} else if (op.len == 2 && op.s[0] >= 'a' && op.s[0] <= 'z') {
		n->at += 2;
		for (int i = operands(op); i && !n->bad; i--)
			skip_expression(n);
	} else {
		n->bad = true;
	}
}

static void skip_expression(struct cxxname *n)
{
	if (enter(n))
		skip_expression_in(n);
	n->depth--;
}

/* ---- names ---- */

static bool read_operator(struct cxxname *n)
{
	static const char *const ops[] = {
		"nw", "operator new", "na", "operator new[]",
		"dl", "operator delete", "da", "operator delete[]",
		"ps", "operator+", "ng", "operator-", "ad", "operator&",
		"de", "operator*", "co", "operator~", "pl", "operator+",
		"mi", "operator-", "ml", "operator*", "dv", "operator/",
		"rm", "operator%", "an", "operator&", "or", "operator|",
		"eo", "operator^", "aS", "operator=", "pL", "operator+=",
		"mI", "operator-=", "mL", "operator*=", "dV", "operator/=",
		"rM", "operator%=", "aN", "operator&=", "oR", "operator|=",
		"eO", "operator^=", "ls", "operator<<", "rs", "operator>>",
		"lS", "operator<<=", "rS", "operator>>=", "eq", "operator==",
		"ne", "operator!=", "lt", "operator<", "gt", "operator>",
		"le", "operator<=", "ge", "operator>=", "ss", "operator<=>",
		"nt", "operator!", "aa", "operator&&", "oo", "operator||",
		"pp", "operator++", "mm", "operator--", "cm", "operator,",
		"pm", "operator->*", "pt", "operator->", "cl", "operator()",
		"ix", "operator[]", "qu", "operator?", "aw",
		"operator co_await",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(ops); i += 2)
		if (take(n, ops[i])) {
			component(n, str_from(ops[i + 1]));
			return true;
		}
	if (take(n, "cv")) {
		skip_type(n);
		component(n, STR("operator"));
		return true;
	}
	if (!take(n, "li"))
		return false;
	skip_source_name(n);
	component(n, STR("operator\"\""));
	return true;
}

static void read_source_name(struct cxxname *n)
{
	uint32_t start, len;
	struct str text;

	len = number(n);
	start = n->at;
	if (!len || n->bad || len > n->s.len - start) {
		n->bad = true;
		return;
	}
	n->at += len;
	text = str_sub(n->s, start, len);
	component(n, str_starts(text, STR("_GLOBAL__N")) ?
			     STR("(anonymous namespace)") : text);
}

/* "{lambda}", "{unnamed}", as far as they can be told apart. */
static void read_unnamed(struct cxxname *n)
{
	if (take(n, "l")) {
		skip_types(n);
		component(n, STR("{lambda}"));
	} else {
		want(n, "t");
		component(n, STR("{unnamed}"));
	}
	sequence(n);
}

static void read_structor(struct cxxname *n, bool is_destructor)
{
	struct str class = n->last;

	if (!is_destructor)
		take(n, "I");
	if (!is_digit(peek(n))) {
		n->bad = true;
		return;
	}
	n->at++;
	component(n, is_destructor ? STR("~") : class);
	if (is_destructor)
		emit(n, class);
}

static bool read_standard(struct cxxname *n)
{
	static const char *const names[] = {
		"Sa", "std::allocator", "Sb", "std::basic_string",
		"Ss", "std::string", "Si", "std::istream",
		"So", "std::ostream", "Sd", "std::iostream",
	};
	static const char *const last[] = {
		"allocator", "basic_string", "basic_string", "basic_istream",
		"basic_ostream", "basic_iostream",
	};

	if (take(n, "St")) {
		component(n, STR("std"));
		return true;
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(names); i += 2)
		if (take(n, names[i])) {
			component(n, str_from(names[i + 1]));
			n->last = str_from(last[i / 2]);
			return true;
		}
	return false;
}

/* One component of a name that is no substitution. */
static void read_component(struct cxxname *n)
{
	take(n, "L");
	if (is_digit(peek(n)))
		read_source_name(n);
	else if (take(n, "U"))
		read_unnamed(n);
	else if (take(n, "C"))
		read_structor(n, false);
	else if (peek(n) == 'D' && is_digit(n->at + 1 < n->s.len ?
					    n->s.s[n->at + 1] : 0))
		n->at++, read_structor(n, true);
	else if (!read_operator(n))
		n->bad = true;
	while (take(n, "B"))
		skip_source_name(n);
}

/* Behind the "N". */
static void read_nested(struct cxxname *n)
{
	take(n, "H");
	while (peek(n) && strchr("rVK", peek(n)))
		n->at++;
	if (!take(n, "R"))
		take(n, "O");
	while (!n->bad && !take(n, "E")) {
		if (take(n, "I")) {
			n->quiet++;
			skip_args(n);
			n->quiet--;
		} else if (take(n, "M")) {
			;
		} else if (n->quiet && peek(n) == 'T') {
			n->at++;
			skip_param(n);
		} else if (n->quiet && (take(n, "Dt") || take(n, "DT"))) {
			skip_expression(n);
			want(n, "E");
		} else if (!read_standard(n)) {
			if (n->quiet && take(n, "S"))
				sequence(n);
			else
				read_component(n);
		}
	}
}

/* Behind the "Z": something in a function. */
static void read_local(struct cxxname *n)
{
	read_encoding(n);
	want(n, "E");
	if (take(n, "s")) {
		if (take(n, "_"))
			number(n);
		return;
	}
	if (take(n, "d"))
		sequence(n);
	read_name(n);
	if (take(n, "__")) {
		number(n);
		want(n, "_");
	} else if (take(n, "_")) {
		number(n);
	}
}

static void read_name(struct cxxname *n)
{
	if (!enter(n)) {
		n->depth--;
		return;
	}
	if (take(n, "N")) {
		read_nested(n);
	} else if (take(n, "Z")) {
		read_local(n);
	} else if (!read_standard(n)) {
		read_component(n);
	} else if (peek(n) && peek(n) != 'I' && peek(n) != 'E') {
		/* "St" and what is in it. */
		read_component(n);
	}
	if (take(n, "I"))
		skip_args(n);
	n->depth--;
}

/* A function's name and parameters, up to the "E" or the end. */
static void read_encoding(struct cxxname *n)
{
	if (!enter(n)) {
		n->depth--;
		return;
	}
	read_name(n);
	n->quiet++;
	while (peek(n) && !strchr("E.@", peek(n)))
		skip_type(n);
	n->quiet--;
	n->depth--;
}

/* ---- Rust ---- */

/* Rust writes signs as "$LT$", and "::" in a component as "..". */
static void rust_escape(struct str *rest, struct buf *out)
{
	static const char *const signs[] = {
		"$SP$", "@", "$BP$", "*", "$RF$", "&", "$LT$", "<",
		"$GT$", ">", "$LP$", "(", "$RP$", ")", "$C$", ",",
		"$u20$", " ", "$u27$", "'", "$u5b$", "[", "$u5d$", "]",
		"$u7b$", "{", "$u7d$", "}", "$u7e$", "~", "$u3b$", ";",
		"$u2b$", "+", "$u22$", "\"", "..", "::",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(signs); i += 2) {
		struct str sign = str_from(signs[i]);

		if (!str_starts(*rest, sign))
			continue;
		buf_str(out, str_from(signs[i + 1]));
		*rest = str_sub(*rest, sign.len, rest->len);
		return;
	}
	buf_char(out, rest->s[0]);
	*rest = str_sub(*rest, 1, rest->len);
}

/* "a::b::h0123456789abcdef": its own hash ends a name of Rust. */
static struct str rust_name(struct arena *a, struct str name)
{
	struct str rest = str_sub(name, 0, name.len - 19), s;
	struct buf out = {};

	while (rest.len) {
		/* A '_' keeps what begins with a sign a name. */
		if (str_starts(rest, STR("_$")))
			rest = str_sub(rest, 1, rest.len);
		rust_escape(&rest, &out);
	}
	s = arena_str(a, buf_view(&out));
	buf_deinit(&out);
	return s;
}

static bool is_rust(struct str mangled, struct str name)
{
	struct str tail;

	if (mangled.len < 20 || name.len < 20 ||
	    mangled.s[mangled.len - 1] != 'E')
		return false;
	tail = str_sub(mangled, mangled.len - 20, 20);
	if (!str_starts(tail, STR(CXXNAME_HASH)))
		return false;
	for (uint32_t i = 3; i < 19; i++)
		if (!is_digit(tail.s[i]) &&
		    (tail.s[i] < 'a' || tail.s[i] > 'f'))
			return false;
	return true;
}

/* ---- both ---- */

struct str cxxname(struct arena *a, struct str mangled)
{
	struct cxxname n = { .s = mangled };
	struct str name = {};

	if (mangled.len > CXXNAME_MAX || !take(&n, "_Z"))
		return name;
	/* What is behind it does not matter. */
	read_name(&n);
	if (!n.bad && n.out.len) {
		name = buf_view(&n.out);
		name = is_rust(mangled, name) ? rust_name(a, name) :
						arena_str(a, name);
	}
	buf_deinit(&n.out);
	return name;
}

#ifdef UNIT_TEST
#include <stdio.h>

#include "unit.h"

static bool cxxname_is(const char *mangled, const char *wanted)
{
	struct arena a;
	struct str s;
	bool ok;

	arena_init(&a);
	s = cxxname(&a, str_from(mangled));
	ok = str_is(s, wanted);
	if (!ok)
		printf("# %s: %" STR_FMT "\n", mangled, STR_ARG(s));
	arena_deinit(&a);
	return ok;
}

#define NAME(mangled, wanted) TEST(cxxname_is(mangled, wanted))

UNIT_TEST_CASE(cxxname_names)
{
	NAME("_Z3fooi", "foo");
	NAME("_ZN5space5Class6methodEiPKc", "space::Class::method");
	NAME("_ZNK5Class3getEv", "Class::get");
	NAME("_ZN5ClassC2Ev", "Class::Class");
	NAME("_ZN5ClassD0Ev", "Class::~Class");
	NAME("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector::push_back");
	NAME("_ZNSs6appendEPKc", "std::string::append");
	NAME("_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc",
	     "std::operator<<");
	NAME("_ZZ4mainENKUlvE_clEv", "main::{lambda}::operator()");
	NAME("_ZN12_GLOBAL__N_13runEv", "(anonymous namespace)::run");
	NAME("_ZL6statici", "static");
	NAME("_Z3foov.part.0", "foo");
	NAME("_ZN1AcvbEv", "A::operator");
	NAME("_ZN1XixEm", "X::operator[]");
	NAME("_ZdlPvm", "operator delete");
}

UNIT_TEST_CASE(cxxname_rust)
{
	NAME("_ZN4core3fmt9Formatter3new17h0123456789abcdefE",
	     "core::fmt::Formatter::new");
	NAME("_ZN52_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..X$GT$3len"
	     "17h0123456789abcdefE",
	     "<alloc::vec::Vec<T> as core::X>::len");
}

UNIT_TEST_CASE(cxxname_hostile)
{
	char deep[2048];

	NAME("foo", "");
	NAME("_Z", "");
	NAME("_ZN", "");
	NAME("_Z99999999999foo", "");
	NAME("_Z3fo", "");
	NAME("_Z3fooXX", "foo");
	NAME("_ZN1AIXEE1bEv", "");
	memset(deep, 'P', sizeof(deep));
	memcpy(deep, "_Z1fI", 5);
	deep[sizeof(deep) - 1] = '\0';
	NAME(deep, "");
	for (uint32_t i = 5; i + 2 < sizeof(deep); i += 2)
		memcpy(deep + i, "DO", 2);
	NAME(deep, "");
	for (uint32_t i = 2; i + 2 < sizeof(deep); i++)
		deep[i] = 'Z';
	NAME(deep, "");
}
#endif
