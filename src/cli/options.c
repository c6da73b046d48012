/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "cli/example.h"
#include "dbg/arch.h"
#include "lang/diag.h"
#include "lang/preprocess.h"
#include "run/command.h"
#include "run/procfs.h"

/* Values that getopt_long() gives back. */
enum option_id {
	OPT_FIRST = 0x100,	/* letters are below */
#define OPTION(id, letter, long_, arg, metavar, help) OPT_##id,
#define IGNORED(letter, long_, arg)
#define FOREIGN(letter, long_, arg, why)
#define ABSENT(letter, long_, arg, instead)
#include "cli/options.def"
#undef OPTION
#undef IGNORED
#undef FOREIGN
#undef ABSENT
	OPT_IGNORED,
	OPT_FOREIGN,
	OPT_ABSENT,		/* + number of the row */
};

enum option_argument { ARG_NO, ARG_NEEDS, ARG_MAY };

struct option_row {
	int id;			/* enum option_id */
	char letter;
	const char *long_;
	enum option_argument arg;
	const char *metavar;
	const char *help;	/* FOREIGN: why; ABSENT: what there is
				 * instead; "": not in the list */
};

static const struct option_row rows[] = {
#define OPTION(id, letter, long_, arg, metavar, help) \
	{ OPT_##id, letter, long_, ARG_##arg, metavar, help },
#define IGNORED(letter, long_, arg) \
	{ OPT_IGNORED, letter, long_, ARG_##arg, "", "" },
#define FOREIGN(letter, long_, arg, why) \
	{ OPT_FOREIGN, letter, long_, ARG_##arg, "", why },
#define ABSENT(letter, long_, arg, instead) \
	{ OPT_ABSENT, letter, long_, ARG_##arg, "", instead },
#include "cli/options.def"
#undef OPTION
#undef IGNORED
#undef FOREIGN
#undef ABSENT
};

/* What getopt_long() wants to know, made from the rows.  As with stap, an
 * option may stand behind the script, too; behind "--", all is the script's. */
struct option_tables {
	char letters[3 * ARRAY_SIZE(rows) + 2];
	struct option longs[ARRAY_SIZE(rows) + 1];
};

static void tables_fill(struct option_tables *t)
{
	char *l = t->letters;
	struct option *o = t->longs;

	*l++ = ':'; /* tell a missing argument from an unknown option */
	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct option_row *r = &rows[i];

		if (r->letter) {
			*l++ = r->letter;
			for (int n = 0; n < (int)r->arg; n++)
				*l++ = ':';
		}
		if (r->long_[0])
			*o++ = (struct option){ r->long_, (int)r->arg, NULL,
						OPT_FIRST + (int)i };
	}
	*l = '\0';
}

/* The row that getopt_long() means by c. */
static const struct option_row *row_of(int c)
{
	if (c >= OPT_FIRST)
		return &rows[c - OPT_FIRST];
	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].letter == c)
			return &rows[i];
	return NULL;
}

/* ---- values ---- */

static struct err *number(const char *what, const char *text, int64_t min,
			  int64_t max, int64_t *ret)
{
	int64_t n;

	if (!str_to_s64(str_from(text), &n) || n < min || n > max)
		return err_new(ERR_OTHER,
			       "%s needs a number from %lld to %lld, not '%s'",
			       what, (long long)min, (long long)max, text);
	*ret = n;
	return NULL;
}

/* A name of the script language? */
static bool is_name(struct str s)
{
	if (!s.len || isdigit((unsigned char)s.s[0]))
		return false;
	for (uint32_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.s[i]) && s.s[i] != '_')
			return false;
	return true;
}

static struct err *split(const char *option, const char *text,
			 struct str *name, struct str *value)
{
	struct str s = str_from(text);
	int64_t eq = str_find_char(s, '=');

	*name = eq < 0 ? s : str_sub(s, 0, (uint32_t)eq);
	*value = eq < 0 ? (struct str){} : str_sub(s, (uint32_t)eq + 1, s.len);
	if (is_name(*name))
		return NULL;
	return err_new(ERR_OTHER, "%s needs NAME=VALUE, not '%s'", option,
		       text);
}

struct limit_row {
	const char *name;
	int64_t min, max;
	size_t offset;		/* of a uint32_t: below 0 is UINT32_MAX */
};

#define MOST_ACTIONS (1u << 30)
#define LIMIT(name, field, min, max) \
	{ name, min, max, offsetof(struct sema_options, field) }
static const struct limit_row limits[] = {
	LIMIT("MAXACTION", limits.maxaction, 1, MOST_ACTIONS),
	LIMIT("MAXACTION_INTERRUPTIBLE", limits.maxaction, 1, MOST_ACTIONS),
	LIMIT("MAXNESTING", limits.maxnesting, 1, 1000),
	LIMIT("MAXSTRINGLEN", limits.maxstringlen, 16, 16384),
	LIMIT("MAXMAPENTRIES", limits.maxmapentries, 1, 1u << 24),
	LIMIT("MAXERRORS", limits.maxerrors, 0, 1u << 30),
	LIMIT("MAXSKIPPED", limits.maxskipped, 0, 1u << 30),
	LIMIT("MAXTRYLOCK", limits.maxtrylock, 0, 1u << 20),
	LIMIT("HIST_ELISION", limits.hist_elision, -(1 << 20), 1u << 20),
	LIMIT("STP_PROCFS_BUFSIZE", procfs_size, 1, 1u << 24),
};

/* Settings of SystemTap's runtime that have no meaning here.  There are more
 * macros of it, and those of C in scripts. */
static bool is_foreign_setting(struct str name)
{
	static const struct str prefixes[] = {
		STR_INIT("STP_"), STR_INIT("STAP_"), STR_INIT("TRYLOCKDELAY"),
		STR_INIT("KRETACTIVE"), STR_INIT("MINSTACKSPACE"),
		STR_INIT("INTERRUPTIBLE"), STR_INIT("DEBUG_"),
		STR_INIT("MAXUPROBES"), STR_INIT("MAXBACKTRACE"),
		STR_INIT("MAPHASHBIAS"), STR_INIT("TASK_FINDER_"),
		STR_INIT("MAP_STRING_LENGTH"), STR_INIT("MAXMAPENTRIES_"),
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_starts(name, prefixes[i]))
			return true;
	return false;
}

static void note_unknown(struct options *o, struct arena *a, struct str name)
{
	struct diag_guess guess;
	struct str best;

	diag_guess_init(&guess, name);
	for (uint32_t i = 0; i < ARRAY_SIZE(limits); i++)
		diag_guess_add(&guess, str_from(limits[i].name));
	best = diag_guess_best(&guess);
	vec_push(a, &o->notes,
		 arena_printf(a, "-D %" STR_FMT " has no effect: %s%" STR_FMT
				 "%s", STR_ARG(name),
			      best.len ? "did you mean '" :
					 "spile has no limit of this name",
			      STR_ARG(best), best.len ? "'?" : ""));
}

static struct err *define(struct options *o, struct arena *a,
			  const char *text)
{
	struct str name, value;
	struct err *err = split("-D", text, &name, &value);
	int64_t n;

	if (err)
		return err;
	for (uint32_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct limit_row *l = &limits[i];

		if (!str_eq(name, str_from(l->name)))
			continue;
		err = number(l->name, value.len ? value.s : "1", l->min,
			     l->max, &n);
		if (err)
			return err;
		*(uint32_t *)((char *)&o->sema + l->offset) =
			n < 0 ? UINT32_MAX : (uint32_t)n;
		return NULL;
	}
	if (!is_foreign_setting(name))
		note_unknown(o, a, name);
	return NULL;
}

static struct err *global(struct options *o, struct arena *a,
			  const char *text)
{
	struct str name, value;
	struct err *err = split("-G", text, &name, &value);

	if (err)
		return err;
	if (!str_starts(str_from(text + name.len), STR("=")))
		return err_new(ERR_OTHER, "-G needs NAME=VALUE, not '%s'",
			       text);
	vec_push(a, &o->sema.globals,
		 (struct sema_override){ name, value });
	return NULL;
}

static const char *const dump_names[] = {
	[DUMP_TOKENS] = "tokens", [DUMP_AST] = "ast",	  [DUMP_PROG] = "prog",
	[DUMP_IR] = "ir",	  [DUMP_OPT] = "opt",	  [DUMP_BPF] = "bpf",
	[DUMP_IMAGE] = "image",
};

const char *options_dump_name(enum options_dump d)
{
	return dump_names[d];
}

static struct err *dump(struct options *o, const char *text)
{
	for (uint32_t i = DUMP_TOKENS; i < ARRAY_SIZE(dump_names); i++)
		if (!strcmp(dump_names[i], text)) {
			o->dump = (enum options_dump)i;
			return NULL;
		}
	return err_new(ERR_OTHER, "there is no dump '%s': tokens, ast, prog, ir, opt, bpf, image",
		       text);
}

/* What WHEN of an option says: never, always, which is meant without it, or
 * auto, which changes nothing. */
static struct err *when_of(const char *option, const char *when, bool *ret)
{
	if (!when || !strcmp(when, "always"))
		*ret = true;
	else if (!strcmp(when, "never"))
		*ret = false;
	else if (strcmp(when, "auto") != 0)
		return err_new(ERR_OTHER, "%s is never, always or auto, not '%s'",
			       option, when);
	return NULL;
}

/* Locations are right at the entry, whatever is asked for. */
static struct err *prologue(const char *when)
{
	bool searched;

	return when_of("--prologue-searching", when, &searched);
}

/* -S MB[,N] */
static struct err *switch_files(struct options *o, struct arena *a,
				const char *text)
{
	struct str s = str_from(text);
	int64_t comma = str_find_char(s, ','), n = 0, mb;
	struct str size = comma < 0 ? s : str_sub(s, 0, (uint32_t)comma);
	struct err *err = number("-S", arena_str(a, size).s, 1, 1 << 20, &mb);

	if (!err && comma >= 0)
		err = number("-S", text + comma + 1, 1, 100000, &n);
	if (err)
		return err;
	o->file_bytes = (uint64_t)mb << 20;
	o->max_files = (uint32_t)n;
	return NULL;
}

/* A directory that is not there may be a slip: it is said, as nothing else
 * would tell. */
static void include(struct options *o, struct arena *a, const char *dir)
{
	vec_push(a, &o->includes, str_from(dir));
	if (access(dir, X_OK))
		vec_push(a, &o->notes,
			 arena_printf(a, "-I %s: %s", dir, strerror(errno)));
}

/* --vp 01201: a digit for each pass, as many as are given. */
static struct err *verbose_passes(struct options *o, const char *digits)
{
	size_t n = strlen(digits);

	if (!n || n > 5 || strspn(digits, "0123456789") != n)
		return err_new(ERR_OTHER, "--vp needs up to five digits, one for each pass, not '%s'",
			       digits);
	for (size_t i = 0; i < n; i++)
		o->verbose_pass[i + 1] += (unsigned)(digits[i] - '0');
	return NULL;
}

/* Later ones are not known yet. */
static struct err *check_version(const char *arg)
{
	if (!isdigit((unsigned char)*arg))
		return err_new(ERR_OTHER, "--compatible needs a version such as 4.0, not '%s'",
			       arg);
	if (strverscmp(arg, PREPROCESS_VERSION) <= 0)
		return NULL;
	return err_new(ERR_OTHER, "--compatible=%s is later than systemtap %s, whose language spile's is",
		       arg, PREPROCESS_VERSION);
}

/* This machine, or another one. */
static struct err *remote(const char *arg)
{
	if (str_starts(str_from(arg), STR("direct:")))
		return NULL;
	return err_hint(err_new(ERR_OTHER, "spile runs on this machine only, not at '%s'",
				arg),
			"run spile there, over ssh");
}

/* A choice of which one side is what spile does anyway. */
static struct err *only(const char *arg, const char *good, const char *also,
			const char *why)
{
	if (!strcmp(arg, good) || !strcmp(arg, also))
		return NULL;
	return err_hint(err_new(ERR_OTHER, "'%s' is not to be had", arg),
			"%s", why);
}

/* ---- one option ---- */

static struct err *take_number(struct options *o, int id, const char *arg)
{
	struct err *err;
	int64_t n = 1;

	switch (id) {
	case OPT_TARGET:
		return number("-x", arg, 1, INT32_MAX, &o->target);
	case OPT_TIMEOUT:
		err = number("-T", arg, 1, INT32_MAX, &n);
		o->timeout = (uint32_t)n;
		return err;
	case OPT_PASS:
		err = number("-p", arg, 1, 5, &n);
		o->last_pass = (unsigned)n;
		return err;
	case OPT_MONITOR:
		err = arg ? number("--monitor", arg, 1, 3600, &n) : NULL;
		o->monitor = (uint32_t)n;
		return err;
	default:
		err = number("-s", arg, 1, 4095, &n);
		o->buffer = (uint64_t)MIN(n, 1024) << 20;
		return err;
	}
}

static struct err *take_steps(struct options *o, const char *arg)
{
	struct err *err;
	int64_t n = 0;

	if (!strcmp(arg, "short")) {
		o->short_steps = true;
		return NULL;
	}
	err = number("--steps", arg, 1, 1000, &n);
	o->turns = (uint32_t)n;
	return err ? err_hint(err, "or 'short'") : NULL;
}

static void take_mode(struct options *o, enum options_mode mode)
{
	/* --help beats all others, whatever their order. */
	if (o->mode == MODE_SCRIPT || mode >= MODE_HELP)
		o->mode = mode;
}

/* Options that do no more than set a bool of struct options, ... */
static const struct flag_row {
	enum option_id id;
	size_t offset;
} flags[] = {
	{ OPT_GURU, offsetof(struct options, sema.guru) },
	{ OPT_KEEP, offsetof(struct options, keep) },
	{ OPT_UNOPTIMIZED, offsetof(struct options, sema.unoptimized) },
	{ OPT_QUIET, offsetof(struct options, quiet) },
	{ OPT_WERROR, offsetof(struct options, werror) },
	{ OPT_TIMING, offsetof(struct options, timing) },
	{ OPT_SKIP_BADVARS, offsetof(struct options, sema.skip_badvars) },
	{ OPT_SUPPRESS_ERRORS, offsetof(struct options, sema.suppress_errors) },
	{ OPT_FLIGHT, offsetof(struct options, flight) },
	{ OPT_EXAMPLE, offsetof(struct options, example) },
	{ OPT_COVERAGE, offsetof(struct options, coverage) },
	{ OPT_NO_TIME_LIMITS, offsetof(struct options, no_time_limits) },
};

/* ... keep their argument as it is, ... */
static const struct text_row {
	enum option_id id;
	size_t offset;
} texts[] = {
	{ OPT_COMMAND, offsetof(struct options, command) },
	{ OPT_OUTPUT, offsetof(struct options, output) },
	{ OPT_NAME, offsetof(struct options, name) },
	{ OPT_LIST, offsetof(struct options, point) },
	{ OPT_LIST_VARS, offsetof(struct options, point) },
	{ OPT_COMPATIBLE, offsetof(struct options, compatible) },
	{ OPT_ATTACH, offsetof(struct options, attach) },
	{ OPT_EXPLAIN, offsetof(struct options, explain) },
	{ OPT_RELEASE, offsetof(struct options, release) },
	{ OPT_SYSROOT, offsetof(struct options, sysroot) },
	{ OPT_ARCH, offsetof(struct options, arch) },
	{ OPT_WORLD, offsetof(struct options, world) },
	{ OPT_FEATURES, offsetof(struct options, features) },
};

/* ... or say what is to be done instead of running a script. */
static const struct mode_row {
	enum option_id id;
	enum options_mode mode;
} modes[] = {
	{ OPT_LIST, MODE_LIST },
	{ OPT_LIST_VARS, MODE_LIST },
	{ OPT_INTERACTIVE, MODE_INTERACTIVE },
	{ OPT_ATTACH, MODE_ATTACH },
	{ OPT_CLEAN_CACHE, MODE_NOTHING },
	{ OPT_DUMP_TYPES, MODE_DUMP_TYPES },
	{ OPT_DUMP_ALIASES, MODE_DUMP_ALIASES },
	{ OPT_DUMP_FUNCTIONS, MODE_DUMP_FUNCTIONS },
	{ OPT_DUMP_FEATURES, MODE_DUMP_FEATURES },
	{ OPT_EXPLAIN, MODE_EXPLAIN },
	{ OPT_HELP, MODE_HELP },
	{ OPT_VERSION, MODE_VERSION },
};

static void take_plain(struct options *o, int id, const char *arg)
{
	char *base = (char *)o;

	for (uint32_t i = 0; i < ARRAY_SIZE(flags); i++)
		if ((int)flags[i].id == id)
			*(bool *)(base + flags[i].offset) = true;
	for (uint32_t i = 0; i < ARRAY_SIZE(texts); i++)
		if ((int)texts[i].id == id)
			memcpy(base + texts[i].offset, &arg, sizeof(arg));
	for (uint32_t i = 0; i < ARRAY_SIZE(modes); i++)
		if ((int)modes[i].id == id)
			take_mode(o, modes[i].mode);
}

static struct err *take_script(struct options *o, struct arena *a,
			       const char *text)
{
	if (o->has_script)
		return err_new(ERR_OTHER, "only one -e: use -E for more scripts");
	o->has_script = true;
	vec_push(a, &o->scripts, str_from(text));
	return NULL;
}

static struct err *check_name(const char *name)
{
	if (procfs_name_is_valid(name))
		return NULL;
	return err_new(ERR_OTHER, "-m takes a name of at most 63 letters, "
		       "digits, '_', '-' and '.'");
}

static struct err *take(struct options *o, struct arena *a,
			const struct option_row *row, const char *arg)
{
	take_plain(o, row->id, arg);
	switch (row->id) {
	case OPT_SCRIPT:
		return take_script(o, a, arg);
	case OPT_EXTRA:
		vec_push(a, &o->scripts, str_from(arg));
		return NULL;
	case OPT_NAME:
		return check_name(arg);
	case OPT_TARGET:
	case OPT_TIMEOUT:
	case OPT_PASS:
	case OPT_BUFFER:
	case OPT_MONITOR:
		return take_number(o, row->id, arg);
	case OPT_LIST:
	case OPT_LIST_VARS:
		o->list_vars = row->id == OPT_LIST_VARS;
		return NULL;
	case OPT_DEFINE:
		return define(o, a, arg);
	case OPT_GLOBAL:
		return global(o, a, arg);
	case OPT_INCLUDE:
		include(o, a, arg);
		return NULL;
	case OPT_VERBOSE:
		o->verbose++;
		return NULL;
	case OPT_NO_GLOBALS:
		o->sema.show_globals = false;
		return NULL;
	case OPT_COLOUR:
	case OPT_COLOUR_TOO:
		return when_of("--color", arg, &o->colour);
	case OPT_PROLOGUE:
		return prologue(arg);
	case OPT_VERBOSE_PASS:
		return verbose_passes(o, arg);
	case OPT_SWITCH:
		return switch_files(o, a, arg);
	case OPT_COMPATIBLE:
		return check_version(arg);
	case OPT_REMOTE:
		return remote(arg);
	case OPT_RUNTIME:
		return only(arg, "bpf", "kernel", "spile has one runtime: eBPF");
	case OPT_PRIVILEGE:
		return only(arg, "stapdev", "stapdev",
			    "spile runs with the rights that you have");
	case OPT_DUMP:
		return dump(o, arg);
	case OPT_STEPS:
		return take_steps(o, arg);
	default:
		return NULL; /* all is done, or there is nothing to do */
	}
}

/* "-F", "--remote" */
static void row_text(const struct option_row *row, char ret[32])
{
	if (row->letter)
		snprintf(ret, 32, "-%c", row->letter);
	else
		snprintf(ret, 32, "--%s", row->long_);
}

static struct err *absent(const struct option_row *row)
{
	char text[32];

	row_text(row, text);
	return err_hint(err_new(ERR_OTHER, "spile has no option %s", text),
			"%s", row->help);
}

static void note_foreign(struct options *o, struct arena *a,
			 const struct option_row *row)
{
	char text[32];

	row_text(row, text);
	vec_push(a, &o->notes,
		 arena_printf(a, "%s has no effect: %s", text, row->help));
}

static struct err *unknown_letter(const char *word)
{
	struct err *err;

	if (isprint(optopt))
		err = err_new(ERR_OTHER, "there is no option -%c", optopt);
	else
		err = err_new(ERR_OTHER, "there is no option %s", word);
	return err_hint(err, "spile --help lists them");
}

/* A long option that is unknown, may mean several, or has an argument that it
 * does not take. */
static struct err *unknown_long(const char *word)
{
	struct str name = str_from(word + 2), best;
	int64_t eq = str_find_char(name, '=');
	struct diag_guess guess;
	struct err *err;

	name = eq < 0 ? name : str_sub(name, 0, (uint32_t)eq);
	diag_guess_init(&guess, name);
	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (eq >= 0 && str_is(name, rows[i].long_))
			return err_new(ERR_OTHER, "--%s takes no argument",
				       rows[i].long_);
		diag_guess_add(&guess, str_from(rows[i].long_));
	}
	err = err_new(ERR_OTHER, "there is no option --%" STR_FMT,
		      STR_ARG(name));
	best = diag_guess_best(&guess);
	if (best.len)
		return err_hint(err, "did you mean --%" STR_FMT "?",
				STR_ARG(best));
	return err_hint(err, "spile --help lists them");
}

static struct err *lacks_argument(const char *word)
{
	struct err *err = err_new(ERR_OTHER, "%s needs an argument", word);

	if (!strcmp(word, "-l") || !strcmp(word, "-L"))
		return err_hint(err, "%s 'kernel.trace(\"sched:*\")'; --dump-probe-types and --dump-probe-aliases tell what there is",
				word);
	return err;
}

static struct err *wrong_option(int c, const char *word)
{
	if (c == ':')
		return lacks_argument(word);
	if (!strncmp(word, "--", 2))
		return unknown_long(word);
	return unknown_letter(word);
}

static struct err *take_row(struct options *o, struct arena *a,
			    const struct option_row *row, const char *arg)
{
	if (row->id == OPT_ABSENT)
		return absent(row);
	if (row->id == OPT_FOREIGN) {
		note_foreign(o, a, row);
		return NULL;
	}
	return take(o, a, row, arg);
}

static struct err *take_all(int argc, char **argv, struct arena *a,
			    struct options *o)
{
	struct option_tables tables = {};
	const struct option_row *row;
	struct err *err;
	int c;

	tables_fill(&tables);
	opterr = 0;
	optind = 0; /* from the start, also the second time */
	while ((c = getopt_long(argc, argv, tables.letters, tables.longs,
				NULL)) != -1) {
		row = c == '?' || c == ':' ? NULL : row_of(c);
		if (!row)
			return wrong_option(c, argv[optind - 1]);
		err = take_row(o, a, row, optarg);
		if (err)
			return err;
	}
	return NULL;
}

/* ---- the whole line ---- */

/* A word of -i's command line that is to be used for what is run: without the
 * i of "-i", "-gi". */
static void take_before(struct options *o, struct arena *a, const char *word)
{
	size_t n = strlen(word), len = 0;
	char *w = arena_alloc(a, n + 1);
	bool are_letters = n > 1 && word[0] == '-' &&
			   strspn(word + 1, "gikPqtuvwWb") == n - 1;

	for (size_t i = 0; i < n; i++)
		if (!are_letters || word[i] != 'i')
			w[len++] = word[i];
	w[len] = '\0';
	if (strcmp(w, "-") != 0 && strcmp(w, "--interactive") != 0)
		vec_push(a, &o->before, w);
}

static void take_rest(int argc, char **argv, struct arena *a,
		      struct options *o)
{
	int i = optind;
	bool takes_file = o->mode == MODE_SCRIPT ||
			  o->mode == MODE_INTERACTIVE;

	for (int k = 1; k < i && o->mode == MODE_INTERACTIVE; k++)
		take_before(o, a, argv[k]);
	if (!o->has_script && takes_file && i < argc)
		o->file = argv[i++];
	for (; i < argc; i++)
		vec_push(a, &o->args, str_from(argv[i]));
}

static struct err *find_example(struct options *o, struct arena *a)
{
	if (!o->example || o->mode != MODE_SCRIPT)
		return NULL;
	if (o->file)
		return example_find(o->file, a, &o->file);
	o->mode = MODE_LIST_EXAMPLES;
	return NULL;
}

static struct err *combination(const struct options *o)
{
	if (o->mode == MODE_SCRIPT && !o->has_script && !o->file &&
	    !o->scripts.n)
		return err_hint(err_new(ERR_OTHER, "no script was given"),
				"spile -e 'probe begin { println(\"hello\") exit() }', or spile FILE; spile --help tells more");
	if (o->mode == MODE_LIST && (o->last_pass != 5 || o->dump))
		return err_new(ERR_OTHER, "-l and -L list points: no -p or --dump with them");
	if (o->file_bytes && !o->output)
		return err_new(ERR_OTHER, "-S says how large the files of -o get: it needs -o");
	if (o->monitor && (o->flight || o->output))
		return err_new(ERR_OTHER, "--monitor shows the output on its screen: no -F or -o with it");
	if (o->command && o->target)
		return err_new(ERR_OTHER, "-c and -x cannot be combined");
	if (o->no_time_limits && !o->sema.guru)
		return err_new(ERR_OTHER, "--suppress-time-limits needs -g");
	return NULL;
}

/* The program that -c starts; empty where only a shell can tell. */
static struct str command_program(struct arena *a, const char *text)
{
	_cleanup_free_ char *word = NULL;
	size_t n;

	if (!text)
		return (struct str){};
	text += strspn(text, " \t");
	n = strcspn(text, " \t");
	if (strcspn(text, "|&;<>()$`\\\"'*?[#~=%!{}\n") < n) {
		word = command_word(text);
		return word ? arena_printf(a, "%s", word) : (struct str){};
	}
	return (struct str){ text, (uint32_t)n };
}

/* A directory of scripts for all, in this one of data; not SystemTap's own
 * library, which is for its runtime. */
static void add_data(struct options *o, struct arena *a, struct str data)
{
	struct str dir = arena_printf(a, "%" STR_FMT "/systemtap/tapset",
				      STR_ARG(data)),
		   own = arena_printf(a, "%s/uconversions.stp", dir.s);

	if (data.len && !access(dir.s, R_OK | X_OK) && access(own.s, F_OK))
		vec_push(a, &o->includes, dir);
}

/* The user's data, then that of all, as the XDG base directories are. */
static void take_data(struct options *o, struct arena *a)
{
	const char *mine = getenv("XDG_DATA_HOME"), *home = getenv("HOME"),
		   *all = getenv("XDG_DATA_DIRS");

	if (mine && *mine)
		add_data(o, a, str_from(mine));
	else if (home && *home)
		add_data(o, a, arena_printf(a, "%s/.local/share", home));
	if (!all || !*all)
		all = "/usr/local/share:/usr/share";
	while (*all) {
		size_t n = strcspn(all, ":");

		add_data(o, a, (struct str){ all, (uint32_t)n });
		all += n + (all[n] == ':');
	}
}

/* What SystemTap's users have in their environment.  The release that runs
 * needs no word. */
static void take_environment(struct options *o, struct arena *a)
{
	const char *tapset = getenv("SYSTEMTAP_TAPSET");
	const char *release = getenv("SYSTEMTAP_RELEASE");
	const char *colours = getenv("SYSTEMTAP_COLORS");
	struct utsname running;

	if (colours && !*colours)
		o->colour = false;
	o->colours = str_from(colours ? colours : "");
	if (tapset && *tapset)
		vec_push(a, &o->includes, str_from(tapset));
	take_data(o, a);
	if (!o->release && release && *release)
		o->release = release;
	/* -a of the machine that this is says nothing new. */
	if (o->arch && !o->release && !o->sysroot && arch_host() &&
	    arch_find(str_from(o->arch)) == arch_host())
		o->arch = NULL;
	if (o->release && !o->sysroot && !o->arch && !uname(&running) &&
	    !strcmp(o->release, running.release))
		o->release = NULL;
}

struct err *options_parse(int argc, char **argv, struct arena *a,
			  struct options *ret)
{
	struct options o = {
		.last_pass = 5,
		.argc = argc,
		.argv = argv,
		.colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR"),
		.sema = {
			.show_globals = true,
			.limits = {
				.maxaction = 10000,
				.maxnesting = 50,
				.maxstringlen = 512,
				.maxmapentries = 2048,
				.maxerrors = 0,
				.maxskipped = 100,
				.maxtrylock = 100,
				.hist_elision = 2,
			},
		},
	};
	struct err *err = take_all(argc, argv, a, &o);

	if (err)
		return err;
	take_rest(argc, argv, a, &o);
	take_environment(&o, a);
	err = find_example(&o, a);
	if (!err)
		err = combination(&o);
	if (err)
		return err;
	/* For a kernel that does not run, there is nothing to run. */
	if ((o.release || o.sysroot || o.arch) && o.last_pass > 4)
		o.last_pass = 4;
	if (o.no_time_limits)
		o.sema.limits.maxaction = MOST_ACTIONS;
	o.sema.target_pid = o.target;
	o.sema.debuginfo = getenv("SPILE_DEBUGINFO_PATH");
	if (!o.sema.debuginfo)
		o.sema.debuginfo = getenv("SYSTEMTAP_DEBUGINFO_PATH");
	o.sema.has_command = o.command != NULL;
	o.sema.command = command_program(a, o.command);
	*ret = o;
	return NULL;
}

static void help_row(const struct option_row *r, FILE *out)
{
	char left[64];
	int n = 0;

	if (r->letter)
		n = snprintf(left, sizeof(left), "-%c", r->letter);
	if (r->long_[0])
		n += snprintf(left + n, sizeof(left) - (size_t)n, "%s--%s",
			      n ? " " : "", r->long_);
	if (r->metavar[0])
		n += snprintf(left + n, sizeof(left) - (size_t)n,
			      r->arg == ARG_MAY ? "[=%s]" :
			      r->long_[0] ? "=%s" : " %s", r->metavar);
	fprintf(out, "  %-28s %s\n", left, r->help);
}

bool options_is_stream(const char *path)
{
	struct stat st;

	return !strcmp(path, "-") || (!stat(path, &st) && !S_ISREG(st.st_mode));
}

unsigned options_verbose(const struct options *o, unsigned pass)
{
	return o->verbose + o->verbose_pass[pass];
}

void options_help(FILE *out)
{
	fputs("usage: spile [options] FILE [arguments of the script]\n"
	      "       spile [options] -e SCRIPT [arguments]\n"
	      "       spile [options] --example NAME [arguments]\n"
	      "       spile -l POINT | -L POINT\n\n", out);
	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].id < OPT_IGNORED && rows[i].help[0])
			help_row(&rows[i], out);
	fputs("\nOptions of SystemTap that have no meaning here are accepted.\n",
	      out);
}
