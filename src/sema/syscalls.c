/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An alias stands on kernel.syscall("name").  Its prologue first takes what
 * only the moment of the call has - arguments, texts and numbers in the memory
 * of the caller - and then makes text of it, with functions that have no
 * effect: so a script that prints argstr leaves the making to the host (see
 * sema/defer.h), and one that does not use it pays nothing.
 *
 * What is of no use to a script has a name that begins with two underscores.
 */
#include "sema/syscalls.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dbg/arch.h"
#include "dbg/flags.h"
#include "sema/syscalls_table.h"

static const struct syscall_row calls[] = {
#define CALL(name, kernel, result, args) \
	{ STR_INIT(#name), STR_INIT(#kernel), #result[0], STR_INIT(args), \
	  false, STR_INIT("") },
#define COMPAT(name, kernel, also, result, args)                          \
	{ STR_INIT(#name), STR_INIT(kernel), #result[0], STR_INIT(args),   \
	  true, STR_INIT(also) },
#include "sema/syscalls.def"
#undef COMPAT
#undef CALL
};

static const struct str families[] = {
	STR_INIT("syscall"), STR_INIT("nd_syscall"), STR_INIT("tp_syscall"),
};

#define NFAMILIES ARRAY_SIZE(families)

const struct syscall_row *syscall_row(uint32_t i)
{
	return i < ARRAY_SIZE(calls) ? &calls[i] : NULL;
}

const struct syscall_struct *syscall_struct(char kind)
{
	static const struct syscall_struct structs[] = {
		{ 'T', "timespec", 2 },	   { 'N', "timespecs", 4 },
		{ 'V', "timeval", 2 },	   { 'U', "timevals", 4 },
		{ 'I', "itimerval", 4 },   { 'J', "itimerspec", 4 },
		{ 'L', "rlimit", 2 },	   { 'B', "utimbuf", 2 },
		{ 'G', "sigaction", 4 },   { 'g', "sigset", 1 },
		{ 'Q', "epoll_event", 2 }, { 'i', "int_at", 1 },
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(structs); i++)
		if (structs[i].kind == kind)
			return &structs[i];
	return NULL;
}

bool syscall_row_returns_once(const struct syscall_row *r, struct str family)
{
	static const struct str makers[] = {
		STR_INIT("clone"), STR_INIT("clone3"), STR_INIT("fork"),
		STR_INIT("vfork"),
	};

	if (str_is(family, "tp_syscall"))
		return false;
	for (uint32_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (str_eq(r->kernel, makers[i]))
			return true;
	return false;
}

struct str syscall_family(uint32_t i)
{
	return i < NFAMILIES ? families[i] : STR("");
}

/* The alias of number i: its call, its family, and whether it is .return. */
struct alias {
	const struct syscall_row *call;
	struct str family;
	bool is_return;
};

static struct alias alias_of(uint32_t i)
{
	return (struct alias){
		.call = &calls[i / (2 * NFAMILIES)],
		.family = families[i / 2 % NFAMILIES],
		.is_return = i % 2,
	};
}

bool syscalls_may_match(struct str component)
{
	if (str_find(component, STR("**")) >= 0)
		return true;
	for (uint32_t i = 0; i < NFAMILIES; i++)
		if (str_glob(component, families[i]))
			return true;
	return false;
}

uint32_t syscalls_count(void)
{
	return 2 * NFAMILIES * ARRAY_SIZE(calls);
}

struct str syscalls_name(struct arena *a, uint32_t i)
{
	struct alias al = alias_of(i);

	return arena_printf(a, "%" STR_FMT ".%" STR_FMT "%s",
			    STR_ARG(al.family), STR_ARG(al.call->name),
			    al.is_return ? ".return" : "");
}

/* ---- one argument ---- */

/* Cuts the part before `mark` off; all of it when there is none. */
static struct str cut(struct str *s, char mark)
{
	int64_t at = str_find_char(*s, mark);
	struct str part = *s;

	if (at < 0) {
		*s = (struct str){};
		return part;
	}
	part.len = (uint32_t)at;
	*s = str_sub(*s, (uint32_t)at + 1, s->len);
	return part;
}

static struct syscall_item item_of(struct str spec, uint32_t n)
{
	struct syscall_item it = { .kind = spec.s[0], .n = n };
	struct str head = cut(&spec, ':');

	if (str_find_char(head, '(') >= 0) {
		cut(&head, '(');
		it.table = cut(&head, ')');
	}
	it.name = cut(&spec, ':');
	it.text = spec;
	return it;
}

bool syscall_item_next(struct str *args, uint32_t n,
		       struct syscall_item *ret)
{
	if (!args->len)
		return false;
	*ret = item_of(cut(args, ' '), n);
	return true;
}

/* What is made of an alias: statements, and the format and the arguments of
 * argstr. */
struct maker {
	struct arena *a;
	struct buf *out;
	struct buf format, values;
	struct str before;	/* the name of the argument before */
	bool absent;		/* this machine has no such call: all is 0 */
	bool narrow;		/* the call is one of 32 bits: its arguments are
				 * in __v1 ... */
	int wide_nr;		/* the number of that which has structures of 64
				 * bits all the same, or -1 */
};

/* "$int1" of "int" and 1. */
static struct str root(struct maker *m, const char *kind, uint32_t n)
{
	if (m->absent)
		return STR("0");
	if (!m->narrow)
		return arena_printf(m->a, "$%s%u", kind, n);
	return arena_printf(m->a, strcmp(kind, "int") != 0 ? "__v%u" :
			    "(__v%u << 32 >> 32)", n);
}

/* What begins the name of an argument as a word: it ends in its number. */
static const char *word(const struct maker *m)
{
	return m->narrow ? "__v" : "$arg";
}

static void value(struct maker *m, const char *format, struct str v)
{
	buf_printf(&m->format, "%s%s", m->format.len ? ", " : "", format);
	buf_printf(&m->values, ", %" STR_FMT, STR_ARG(v));
}

/* NAME = $intN */
static void number(struct maker *m, const struct syscall_item *it,
		   const char *kind, const char *format)
{
	buf_printf(m->out, "\t%" STR_FMT " = %" STR_FMT "\n",
		   STR_ARG(it->name), STR_ARG(root(m, kind, it->n)));
	if (it->text.len)
		buf_printf(m->out, "\t%" STR_FMT " = sprintf(\"%s\", %" STR_FMT
			   ")\n", STR_ARG(it->text), format,
			   STR_ARG(it->name));
	value(m, format, it->name);
}

/* NAME = $argN of 16 bits, in which all ones are -1, "none" */
static void old_id(struct maker *m, const struct syscall_item *it)
{
	struct str v = root(m, "arg", it->n);

	buf_printf(m->out, "\t%" STR_FMT " = (%" STR_FMT " & 0xffff) == 0xffff"
		   " ? -1 : (%" STR_FMT " & 0xffff)\n", STR_ARG(it->name),
		   STR_ARG(v), STR_ARG(v));
	value(m, "%d", it->name);
}

/* The name of the text of a variable that has one. */
static struct str text_name(struct maker *m, const struct syscall_item *it)
{
	if (it->text.len)
		return it->text;
	return arena_printf(m->a, "%" STR_FMT "_str", STR_ARG(it->name));
}

/* TEXT = function(NAME) */
static void named(struct maker *m, const struct syscall_item *it,
		  const char *kind, const char *call)
{
	struct str text = text_name(m, it);

	buf_printf(m->out, "\t%" STR_FMT " = %" STR_FMT "\n\t%" STR_FMT
		   " = %s%" STR_FMT ")\n", STR_ARG(it->name),
		   STR_ARG(root(m, kind, it->n)), STR_ARG(text), call,
		   STR_ARG(it->name));
	value(m, "%s", text);
}

static void from_table(struct maker *m, const struct syscall_item *it,
		       const char *kind)
{
	struct str call = arena_printf(m->a, "_syscall_flags(%u, ",
				       flags_find(it->table));

	named(m, it, kind, call.s);
}

/* ---- text and numbers in the memory of the caller ---- */

static void address(struct maker *m, struct str name, uint32_t n)
{
	buf_printf(m->out, "\t%" STR_FMT " = %" STR_FMT "\n", STR_ARG(name),
		   STR_ARG(root(m, "arg", n)));
}

/* try { __sN = user_string($argN) } catch { __eN = 1 } */
static void capture_text(struct maker *m, uint32_t n)
{
	if (m->absent)
		buf_printf(m->out, "\t__s%u = \"\"\n", n);
	else
		buf_printf(m->out, "\ttry { __s%u = user_string(%s%u) }"
			   " catch { __e%u = 1 }\n", n, word(m), n, n);
}

static void quote(struct maker *m, struct str text, struct str unquoted,
		  struct str addr, uint32_t n)
{
	buf_printf(m->out, "\t%" STR_FMT " = __s%u\n\t%" STR_FMT
		   " = _syscall_quoted(__s%u, __e%u, %" STR_FMT ")\n",
		   STR_ARG(unquoted), n, STR_ARG(text), n, n, STR_ARG(addr));
	value(m, "%s", text);
}

static void text(struct maker *m, const struct syscall_item *it)
{
	struct str stem = it->name, addr, bare;

	if (str_ends(stem, STR("_str")))
		stem.len -= 4;
	addr = arena_printf(m->a, "%" STR_FMT "_uaddr", STR_ARG(stem));
	bare = arena_printf(m->a, "%" STR_FMT "_unquoted", STR_ARG(it->name));
	address(m, addr, it->n);
	capture_text(m, it->n);
	quote(m, it->name, bare, addr, it->n);
}

static void named_text(struct maker *m, const struct syscall_item *it)
{
	struct str quoted = text_name(m, it), bare;

	bare = arena_printf(m->a, "%" STR_FMT "_unquoted", STR_ARG(quoted));
	address(m, it->name, it->n);
	capture_text(m, it->n);
	quote(m, quoted, bare, it->name, it->n);
}

static void bytes(struct maker *m, const struct syscall_item *it)
{
	struct str shown = text_name(m, it);

	address(m, it->name, it->n);
	if (m->absent)
		buf_printf(m->out, "\t__s%u = \"\"\n", it->n);
	else
		buf_printf(m->out, "\ttry { __s%u = user_string_n(%s%u,"
			   " _syscall_shown(%s%u)) } catch { __e%u = 1 }\n",
			   it->n, word(m), it->n, word(m), it->n + 1, it->n);
	buf_printf(m->out, "\t__n%u = %" STR_FMT "\n\t%" STR_FMT
		   " = _syscall_bytes(__s%u, __e%u, %" STR_FMT ", __n%u)\n",
		   it->n, STR_ARG(root(m, "arg", it->n + 1)), STR_ARG(shown),
		   it->n, it->n, STR_ARG(it->name), it->n);
	value(m, "%s", shown);
}

/* Words of `size` bytes at an address. */
static void words_at(struct maker *m, uint32_t n, uint32_t words, uint32_t size)
{
	buf_str(m->out, STR("\ttry {"));
	for (uint32_t i = 0; i < words; i++)
		buf_printf(m->out, m->absent ? " __%c%u = 0" :
			   " __%c%u = @uderef(%u, %s%u + %u)",
			   (int)('h' + i), n, size, word(m), n, size * i);
	buf_printf(m->out, " } catch { __e%u = 1 }\n", n);
}

/* TEXT = _syscall_STRUCT(__aN, __bN, ..., __eN, NAME): longs at an address. */
static void structure(struct maker *m, const struct syscall_item *it,
		      const struct syscall_struct *s)
{
	struct str shown = text_name(m, it);

	address(m, it->name, it->n);
	if (m->wide_nr >= 0)
		buf_printf(m->out, "\tif ($syscall == %d) {\n", m->wide_nr);
	if (!m->narrow || m->wide_nr >= 0)
		words_at(m, it->n, s->words, 8);
	if (m->wide_nr >= 0)
		buf_str(m->out, STR("\t} else {\n"));
	if (m->narrow)
		words_at(m, it->n, s->words, 4);
	if (m->wide_nr >= 0)
		buf_str(m->out, STR("\t}\n"));
	buf_printf(m->out, "\t%" STR_FMT " = _syscall_%s(", STR_ARG(shown),
		   s->name);
	if (it->table.len)
		buf_printf(m->out, "%u, ", (unsigned)flags_find(it->table));
	for (uint32_t i = 0; i < s->words; i++)
		buf_printf(m->out, "__%c%u, ", (int)('h' + i), it->n);
	buf_printf(m->out, "__e%u, %" STR_FMT ")\n", it->n,
		   STR_ARG(it->name));
	value(m, "%s", shown);
}

/* A struct sockaddr: its first 16 bytes, those that only some have, and the
 * path of AF_UNIX. */
static void sockaddr(struct maker *m, const struct syscall_item *it)
{
	struct str shown = it->text.len ? it->text : STR("__sockaddr");
	uint32_t n = it->n;

	address(m, it->name, n);
	buf_printf(m->out,
		   "\ttry { __f = @uderef(2, $arg%u) __h = @uderef(8, $arg%u) } catch { __e%u = 1 }\n"
		   "\ttry { __i = @uderef(8, $arg%u + 8) __j = @uderef(8, $arg%u + 16) __k = @uderef(4, $arg%u + 24) } catch { __j = 0 }\n"
		   "\ttry { __s%u = user_string_n($arg%u + 2, 107) } catch { __s%u = \"\" }\n",
		   n, n, n, n, n, n, n, n, n);
	buf_printf(m->out, "\tuaddr_af = _syscall_flags(%u, __f)\n",
		   (unsigned)FLAGS_AF);
	buf_str(m->out, STR(
		"\tuaddr_ip = _sockaddr_ip(__f, __h, __i, __j)\n"
		"\tuaddr_ip_port = _sockaddr_port(__f, __h)\n"
		"\tuaddr_ipv6_flowinfo = _sockaddr_flowinfo(__f, __h)\n"
		"\tuaddr_ipv6_scope_id = _sockaddr_scope(__f, __k)\n"));
	buf_printf(m->out, "\t%" STR_FMT
		   " = _sockaddr_text(uaddr_af, __f, __h, __i, __j, __s%u, __e%u, %"
		   STR_FMT ")\n", STR_ARG(shown), n, n, STR_ARG(it->name));
	value(m, "%s", shown);
}

static void vector(struct maker *m, const struct syscall_item *it,
		   const char *function)
{
	buf_printf(m->out, "\t%" STR_FMT " = %s%s(%s%u)\n", STR_ARG(it->name),
		   function, m->narrow ? "32" : "", word(m), it->n);
	value(m, "%s", it->name);
}

/* TEXT = function([table, ]__hN, ..., __n, __eN, NAME): an array of as many
 * structures as the next argument says, of which words have been taken. */
static void array_text(struct maker *m, const struct syscall_item *it,
		       const char *call, const char *more)
{
	struct str shown = text_name(m, it);

	buf_printf(m->out, "\t__n%u = %" STR_FMT "\n\t%" STR_FMT " = %s", it->n,
		   STR_ARG(root(m, "arg", it->n + 1)), STR_ARG(shown), call);
	if (it->table.len)
		buf_printf(m->out, "%u, ", (unsigned)flags_find(it->table));
	buf_printf(m->out, "__h%u, __i%u, %s__n%u, __e%u, %" STR_FMT ")\n",
		   it->n, it->n, more, it->n, it->n, STR_ARG(it->name));
	value(m, "%s", shown);
}

/* The texts and sizes of the first two of struct iovec. */
static void iovec(struct maker *m, const struct syscall_item *it)
{
	uint32_t n = it->n;

	address(m, it->name, n);
	if (!m->absent)
		buf_printf(m->out, "\ttry { __h%u = @uderef(8, $arg%u + 8) "
			   "__s = user_string_n(@uderef(8, $arg%u), "
			   "_syscall_shown(__h%u)) } catch { __e%u = 1 }\n"
			   "\ttry { __i%u = @uderef(8, $arg%u + 24) "
			   "__t = user_string_n(@uderef(8, $arg%u + 16), "
			   "_syscall_shown(__i%u)) } catch { __t = \"\" }\n",
			   n, n, n, n, n, n, n, n, n);
	array_text(m, it, "_syscall_iovec(", m->absent ? "\"\", \"\", " :
						       "__s, __t, ");
}

/* The first two of struct pollfd, 8 bytes each. */
static void pollfds(struct maker *m, const struct syscall_item *it)
{
	uint32_t n = it->n;

	address(m, it->name, n);
	if (!m->absent)
		buf_printf(m->out, "\ttry { __h%u = @uderef(8, %s%u) } "
			   "catch { __e%u = 1 }\n"
			   "\ttry { __i%u = @uderef(8, %s%u + 8) } "
			   "catch { __i%u = 0 }\n", n, word(m), n, n, n,
			   word(m), n, n);
	array_text(m, it, "_syscall_pollfds(", "");
}

/* NAME = 64 bits in two arguments, the lower first. */
static void pair(struct maker *m, const struct syscall_item *it)
{
	buf_printf(m->out, "\t%" STR_FMT " = %" STR_FMT " | %" STR_FMT
		   " << 32\n", STR_ARG(it->name),
		   STR_ARG(root(m, "arg", it->n)),
		   STR_ARG(root(m, "arg", it->n + 1)));
	value(m, "%d", it->name);
}

/* NAME = what another variable is, or a constant. */
static void copy(struct maker *m, const struct syscall_item *it)
{
	buf_printf(m->out, "\t%" STR_FMT " = %" STR_FMT "\n",
		   STR_ARG(it->name), STR_ARG(it->text));
}

/* The members of a struct utimbuf. */
static void utimbuf(struct maker *m, const struct syscall_item *it)
{
	buf_printf(m->out, "\tactime = __h%u\n\tmodtime = __i%u\n", it->n,
		   it->n);
}

/* The mode of a file that flags, in the argument before, make or not. */
static void mode(struct maker *m, const struct syscall_item *it)
{
	buf_printf(m->out, "\t%" STR_FMT " = %" STR_FMT "\n\t__mode = "
		   "_syscall_mode(%" STR_FMT ", %" STR_FMT ")\n",
		   STR_ARG(it->name), STR_ARG(root(m, "uint", it->n)),
		   STR_ARG(m->before), STR_ARG(it->name));
	buf_str(&m->format, STR("%s"));
	buf_str(&m->values, STR(", __mode"));
}

static void argument(struct maker *m, const struct syscall_item *it)
{
	const struct syscall_struct *s = syscall_struct(it->kind);

	if (s) {
		structure(m, it, s);
		if (it->kind == 'B')
			utimbuf(m, it);
		return;
	}
	switch (it->kind) {
	case 'd':
		return number(m, it, "int", "%d");
	case 'u':
		return number(m, it, "uint", "%u");
	case 'h':
		return old_id(m, it);
	case 'l':
		return number(m, it, m->narrow ? "int" : "arg", "%d");
	case 'z':
		return number(m, it, "arg", "%u");
	case 'x':
	case 'p':
		return number(m, it, "arg", "0x%x");
	case 'o':
		return number(m, it, "uint", "%#o");
	case 's':
		return text(m, it);
	case 'n':
		return named_text(m, it);
	case 'a':
		return named(m, it, "int", "_syscall_dirfd(");
	case 'k':
		return named(m, it, "int", "_syscall_signal(");
	case 'f':
		return from_table(m, it, "uint");
	case 'e':
		return from_table(m, it, "int");
	case 'm':
		return mode(m, it);
	case 'w':
		return bytes(m, it);
	case 'v':
		return iovec(m, it);
	case 'P':
		return pollfds(m, it);
	case 'c':
		return copy(m, it);
	case 'D':
		return pair(m, it);
	case 'S':
		return sockaddr(m, it);
	case 'A':
		return vector(m, it, "_syscall_argv");
	case 'E':
		return vector(m, it, "_syscall_envp");
	}
}

/* ---- an alias ---- */

/* The first alias of a name has it; another one is called as its call. */
static struct str shown_name(const struct syscall_row *c)
{
	bool is_other = c > calls && str_eq(c[-1].name, c->name);
	struct str name = c->name;

	if (is_other)
		return c->kernel;
	if (str_starts(name, STR("compat_")))
		name = str_sub(name, 7, name.len);
	if (str_starts(name, STR("sys_")))
		name = str_sub(name, 4, name.len);
	if (c->is_32 && str_ends(name, STR("32")))
		name.len -= 2;
	return name;
}

/* ---- of 32 bits ---- */

static int number_32(const struct arch *arch, struct str name)
{
	for (uint32_t i = 0; i < arch->nsyscalls32; i++)
		if (str_eq(arch->syscalls32[i].name, name))
			return arch->syscalls32[i].nr;
	return -1;
}

static struct str also_name(const struct syscall_row *c)
{
	struct str also = c->also;

	return cut(&also, ' ');
}

/* The handler goes on only for the call that c stands for. */
static void only_also(struct maker *m, const struct arch *arch,
		      const struct syscall_row *c)
{
	struct str also = c->also, name = cut(&also, ' '),
		   call = cut(&also, ' ');

	if (name.len)
		buf_printf(m->out, "\tif ($syscall == %d && ($arg1 & 0xffff) "
			   "!= %" STR_FMT ") next\n", number_32(arch, name),
			   STR_ARG(call));
}

/* __vN = argument A of ipc(2), or what it points to.  Older callers of msgrcv
 * put two arguments where one points to. */
static void from_ipc(struct maker *m, struct str list)
{
	bool is_msgrcv = str_is(cut(&list, ' '), "12");

	for (uint32_t n = 1; list.len; n++) {
		struct str a = cut(&list, ' ');

		if (a.s[0] == '*')
			buf_printf(m->out, " try { __v%u = @uderef(4, $arg%c) }"
				   " catch { __v%u = 0 }\n", n, a.s[1], n);
		else
			buf_printf(m->out, " __v%u = $arg%" STR_FMT "\n", n,
				   STR_ARG(a));
	}
	if (is_msgrcv)
		buf_str(m->out, STR(
			" if (!($arg1 >> 16)) try { __v2 = @uderef(4, $arg5) "
			"__v4 = @uderef(4, $arg5 + 4) } catch { }\n"));
}

/* __vN = word N of the memory that the second argument points to */
static void from_socketcall(struct maker *m, struct str list)
{
	int64_t count = 0;

	cut(&list, ' ');
	str_to_s64(list, &count);
	buf_str(m->out, STR(" try {"));
	for (int64_t n = 1; n <= count; n++)
		buf_printf(m->out, " __v%d = @uderef(4, $arg2 + %d)", (int)n,
			   (int)(4 * (n - 1)));
	buf_str(m->out, STR(" } catch { }\n"));
}

static void narrow_arguments(struct maker *m, const struct arch *arch,
			     const struct syscall_row *c)
{
	struct str also = c->also, name = cut(&also, ' ');

	for (uint32_t n = 1; n <= ARRAY_SIZE(arch->sys_args32); n++)
		buf_printf(m->out, "\t__v%u = $arg%u\n", n, n);
	if (!name.len)
		return;
	buf_printf(m->out, "\tif ($syscall == %d) {\n", number_32(arch, name));
	if (str_is(name, "ipc"))
		from_ipc(m, also);
	else
		from_socketcall(m, also);
	buf_str(m->out, STR("\t}\n"));
}

static void arguments(struct arena *a, const struct arch *arch,
		      const struct syscall_row *c, bool absent,
		      struct buf *out)
{
	struct maker m = { .a = a, .out = out, .absent = absent,
			   .narrow = c->is_32 && !absent, .wide_nr = -1 };
	struct str rest = c->args;
	struct syscall_item it;

	if (m.narrow) {
		only_also(&m, arch, c);
		narrow_arguments(&m, arch, c);
		if (str_ends(c->kernel, STR("_time64")))
			m.wide_nr = number_32(arch, c->kernel);
	}

	for (uint32_t n = 1; syscall_item_next(&rest, n, &it); n++) {
		if (it.kind != '-')
			argument(&m, &it);
		m.before = it.name;
	}
	if (m.format.len)
		buf_printf(out, "\targstr = sprintf(\"%.*s\"%.*s)\n",
			   (int)m.format.len, m.format.data,
			   (int)m.values.len, m.values.data);
	else
		buf_str(out, STR("\targstr = \"\"\n"));
	buf_deinit(&m.format);
	buf_deinit(&m.values);
}

bool syscalls_is_narrow(struct str name)
{
	for (uint32_t i = 0; syscall_family(i).len; i++) {
		struct str head = syscall_family(i);

		if (!str_starts(name, head) || name.len <= head.len ||
		    name.s[head.len] != '.')
			continue;
		name = str_sub(name, head.len + 1, name.len);
		if (str_ends(name, STR(".return")))
			name.len -= 7;
		for (uint32_t k = 0; k < ARRAY_SIZE(calls); k++)
			if (calls[k].is_32 && str_eq(calls[k].name, name))
				return true;
		return false;
	}
	return false;
}

bool syscalls_is_absent(const struct arch *arch, uint32_t i)
{
	const struct syscall_row *c = alias_of(i).call;

	return c->is_32 ? number_32(arch, c->kernel) < 0 :
			  arch_syscall_nr(arch, c->kernel) < 0;
}

/* The point that an alias stands for.  What is only one of the calls of
 * socketcall(2) has that for its own. */
static void put_point(struct buf *b, const struct alias *al, bool absent)
{
	struct str also = also_name(al->call);

	if (str_eq(also, al->call->kernel))
		also = STR("");
	if (absent)
		buf_str(b, STR("never"));
	else
		buf_printf(b, "kernel.syscall%s(\"%" STR_FMT "%s%" STR_FMT
			   "\")%s", al->call->is_32 ? "32" : "",
			   STR_ARG(al->call->kernel), also.len ? "," : "",
			   STR_ARG(also), al->is_return ? ".return" : "");
}

struct str syscalls_text(struct arena *a, const struct arch *arch, uint32_t i)
{
	_cleanup_(buf_deinit) struct buf b = {};
	struct alias al = alias_of(i);
	bool absent = syscalls_is_absent(arch, i);

	buf_printf(&b, "/* %" STR_FMT "(2) %s. */\nprobe %" STR_FMT " = ",
		   STR_ARG(al.call->kernel), al.is_return ? "ends" : "begins",
		   STR_ARG(syscalls_name(a, i)));
	put_point(&b, &al, absent);
	buf_printf(&b, "\n{\n\tname = \"%" STR_FMT "\"\n",
		   STR_ARG(shown_name(al.call)));
	if (al.is_return && al.call->is_32 && !absent)
		only_also(&(struct maker){ .out = &b }, arch, al.call);
	if (al.is_return && !absent &&
	    syscall_row_returns_once(al.call, al.family))
		buf_str(&b, STR("\tif (!$return) next\n"));
	if (al.is_return)
		buf_printf(&b, "\tretval = %s\n"
			   "\tretstr = return_str(%d, retval)\n",
			   absent ? "0" : "$return",
			   al.call->result == 'x' ? 2 : 1);
	else
		arguments(a, arch, al.call, absent, &b);
	buf_str(&b, STR("}\n"));
	return arena_str(a, buf_view(&b));
}
