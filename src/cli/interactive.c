/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is run is spile itself, as a process of its own: a script that fails,
 * or is interrupted, leaves nothing behind here.
 */
#include "cli/interactive.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/example.h"
#include "cli/lineedit.h"
#include "cli/words.h"

#define SELF "/proc/self/exe"

struct words_list {
	VEC(char *) list;
};

struct shell {
	struct arena arena;
	struct lineedit *edit;
	struct words_list options;	/* to run with */
	VEC(char *) parts;		/* declarations */
	VEC(char *) names;		/* of commands, points, functions: for
					 * completion */
	char *names_for;		/* the word they were made for */
	bool has_points;		/* the names are points */
	bool is_over;
};

static char *copy(struct shell *sh, const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(arena_alloc(&sh->arena, n), text, n);
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* ---- processes ---- */

/* Becomes spile, by its own path: so the process has its name. */
noreturn static void become(char **argv)
{
	char path[1024];
	ssize_t n = readlink(SELF, path, sizeof(path) - 1);

	if (n > 0) {
		path[n] = '\0';
		execv(path, argv);
	}
	execv(SELF, argv);
	perror(SELF);
	_exit(EXIT_FAILURE);
}

/* Runs spile with these words; to: where its output goes, or -1. */
static pid_t start(struct shell *sh, char *const *words, uint32_t n, int to)
{
	char **argv = arena_array(&sh->arena, n + 2, char *);
	pid_t pid;

	argv[0] = copy(sh, "spile");
	if (n)
		memcpy(argv + 1, words, n * sizeof(*argv));
	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (to >= 0)
		(void)dup2(to, STDOUT_FILENO);
	become(argv);
}

static void wait_for(pid_t pid)
{
	int status;

	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

static void spile(struct shell *sh, char *const *words, uint32_t n)
{
	wait_for(start(sh, words, n, -1));
}

/* The lines that spile prints for these words, each on its own. */
static void read_lines(struct shell *sh, char *const *words, uint32_t n)
{
	_cleanup_fclose_ FILE *f = NULL;
	char line[1024];
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return;
	pid = start(sh, words, n, fds[1]);
	close(fds[1]);
	f = fdopen(fds[0], "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		vec_push(&sh->arena, &sh->names, copy(sh, line));
	}
	wait_for(pid);
}

/* ---- the script ---- */

static char *script(struct shell *sh)
{
	struct buf b = {};
	char *text;

	for (uint32_t i = 0; i < sh->parts.n; i++)
		buf_printf(&b, "%s\n", sh->parts.v[i]);
	buf_char(&b, '\0');
	text = copy(sh, b.data);
	buf_deinit(&b);
	return text;
}

/* Braces, parentheses, strings and comments that are still open. */
static bool is_open(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		if (*s == '"') {
			while (*++s && *s != '"')
				s += *s == '\\' && s[1];
			if (!*s)
				return true;
		} else if (*s == '#' || (*s == '/' && s[1] == '/')) {
			s += strcspn(s, "\n");
			if (!*s)
				break;
		} else if (*s == '/' && s[1] == '*') {
			s = strstr(s + 2, "*/");
			if (!s)
				return true;
			s++;
		} else if (strchr("{(", *s)) {
			depth++;
		} else if (strchr("})", *s)) {
			depth--;
		}
	}
	return depth > 0;
}

/* A declaration whose handler is still to come: "probe x" */
static bool wants_more(const char *s)
{
	return is_open(s) ||
	       ((!strncmp(s, "probe ", 6) || !strncmp(s, "function ", 9)) &&
		!strchr(s, '{'));
}

static void add_whole(struct shell *sh, const char *first)
{
	struct buf b = {};
	char *line = NULL;

	buf_printf(&b, "%s", first);
	buf_char(&b, '\0');
	while (wants_more(b.data) &&
	       (line = lineedit_read(sh->edit, "  ...> ")) &&
	       !lineedit_was_interrupted(sh->edit)) {
		b.len--;
		buf_printf(&b, "\n%s", line);
		buf_char(&b, '\0');
		free(line);
		line = NULL;
	}
	free(line);
	if (!lineedit_was_interrupted(sh->edit))
		vec_push(&sh->arena, &sh->parts, copy(sh, b.data));
	buf_deinit(&b);
}

static void add_until_dot(struct shell *sh)
{
	struct buf b = {};
	char *line;

	while ((line = lineedit_read(sh->edit, "  ...> ")) &&
	       !lineedit_was_interrupted(sh->edit) && strcmp(line, ".") != 0) {
		buf_printf(&b, "%s%s", b.len ? "\n" : "", line);
		free(line);
	}
	free(line);
	buf_char(&b, '\0');
	if (b.len > 1 && !lineedit_was_interrupted(sh->edit))
		vec_push(&sh->arena, &sh->parts, copy(sh, b.data));
	buf_deinit(&b);
}

static void list(struct shell *sh)
{
	for (uint32_t i = 0; i < sh->parts.n; i++) {
		const char *s = sh->parts.v[i];

		printf("%3u  ", i + 1);
		for (; *s; s++) {
			putchar(*s);
			if (*s == '\n')
				fputs("     ", stdout);
		}
		putchar('\n');
	}
}

static void delete(struct shell *sh, const char *arg)
{
	int64_t n;

	if (!*arg) {
		sh->parts.n = 0;
		return;
	}
	if (!str_to_s64(str_from(arg), &n) || n < 1 || n > sh->parts.n) {
		fprintf(stderr, "there is no declaration %s\n", arg);
		return;
	}
	memmove(sh->parts.v + n - 1, sh->parts.v + n,
		(sh->parts.n - (uint32_t)n) * sizeof(*sh->parts.v));
	sh->parts.n--;
}

/* ---- files ---- */

static bool load(struct shell *sh, const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	struct buf b = {};
	size_t n;

	if (!f) {
		perror(path);
		return false;
	}
	do {
		n = fread(buf_reserve(&b, 65536), 1, 65536, f);
		b.len += n;
	} while (n && b.len < SOURCE_MAX);
	if (ferror(f)) {
		perror(path);
		buf_deinit(&b);
		return false;
	}
	while (b.len && isspace((unsigned char)b.data[b.len - 1]))
		b.len--;
	buf_char(&b, '\0');
	sh->parts.n = 0;
	if (b.len > 1)
		vec_push(&sh->arena, &sh->parts, copy(sh, b.data));
	buf_deinit(&b);
	return true;
}

static bool save(struct shell *sh, const char *path)
{
	FILE *f = fopen(path, "we");
	bool good = f && fputs(script(sh), f) >= 0;

	if (f)
		good &= !fclose(f);
	if (!good)
		perror(path);
	return good;
}

static void edit(struct shell *sh)
{
	char path[] = "/tmp/spileXXXXXX.stp";
	int fd = mkostemps(path, 4, O_CLOEXEC);
	_cleanup_free_ char *command = NULL;

	if (fd < 0) {
		perror(path);
		return;
	}
	close(fd);
	if (asprintf(&command, "${VISUAL:-${EDITOR:-vi}} %s", path) < 0)
		abort();
	fflush(NULL);
	if (save(sh, path) && !system(command))
		(void)load(sh, path);
	(void)unlink(path);
}

/* ---- commands ---- */

enum command {
#define COMMAND(name, args, help) COMMAND_##name,
#include "cli/interactive.def"
#undef COMMAND
	COMMAND_N
};

static const struct {
	const char *name, *args, *help;
} commands[] = {
#define COMMAND(name, args, help) { #name, args, help },
#include "cli/interactive.def"
#undef COMMAND
};

static void help(void)
{
	puts("Declarations (global ..., function ..., probe ...) are added to the script; ^C\n"
	     "gives up the one that is being typed.\n"
	     "Commands, of which a beginning is enough:\n");
	for (uint32_t i = 0; i < COMMAND_N; i++)
		printf("  %-10s %-12s %s\n", commands[i].name,
		       commands[i].args, commands[i].help);
}

/* Words as a shell takes them, added to a list. */
static void add_words(struct shell *sh, struct words_list *w, const char *text)
{
	struct words words = words_split(text, &sh->arena);

	for (int i = 0; i < words.n; i++)
		vec_push(&sh->arena, &w->list, words.v[i]);
}

/* A word that is several to whoever reads it without quotes. */
static void print_word(const char *word)
{
	if (*word && !strpbrk(word, " \t\"'\\#")) {
		fputs(word, stdout);
		return;
	}
	putchar('"');
	for (; *word; word++)
		printf("%s%c", *word == '"' || *word == '\\' ? "\\" : "",
		       *word);
	putchar('"');
}

static struct words_list with_options(struct shell *sh)
{
	struct words_list w = {};

	for (uint32_t i = 0; i < sh->options.list.n; i++)
		vec_push(&sh->arena, &w.list, sh->options.list.v[i]);
	return w;
}

/* extra: one more option; args: of the script. */
static void run(struct shell *sh, char *extra, char *text, const char *args)
{
	struct words_list w = with_options(sh);

	if (extra)
		vec_push(&sh->arena, &w.list, extra);
	vec_push(&sh->arena, &w.list, copy(sh, "-e"));
	vec_push(&sh->arena, &w.list, text);
	add_words(sh, &w, args);
	spile(sh, w.list.v, w.list.n);
}

static bool is_declaration(const char *s, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(s, word, n) && !isalnum((unsigned char)s[n]) &&
	       s[n] != '_';
}

/* Statements at once: with the functions and globals of the script, without
 * its probes. */
static void run_now(struct shell *sh, const char *statements)
{
	struct buf b = {};

	for (uint32_t i = 0; i < sh->parts.n; i++)
		if (!is_declaration(sh->parts.v[i], "probe"))
			buf_printf(&b, "%s\n", sh->parts.v[i]);
	buf_printf(&b, "probe begin { %s\nexit() }\n", statements);
	buf_char(&b, '\0');
	run(sh, copy(sh, "-w"), copy(sh, b.data), "");
	buf_deinit(&b);
}

static void check(struct shell *sh)
{
	struct words_list w = with_options(sh);

	vec_push(&sh->arena, &w.list, copy(sh, "-p2"));
	vec_push(&sh->arena, &w.list, copy(sh, "-e"));
	vec_push(&sh->arena, &w.list, script(sh));
	spile(sh, w.list.v, w.list.n);
}

static void look(struct shell *sh, const char *option, const char *arg)
{
	char *words[] = { copy(sh, option), copy(sh, arg) };

	if (!*arg)
		fprintf(stderr, "what? spile %s PATTERN\n", option);
	else
		spile(sh, words, 2);
}

static void functions(struct shell *sh, const char *word)
{
	char *words[] = { copy(sh, "-v"),
			  copy(sh, "--dump-functions") };

	sh->names.n = 0;
	sh->names_for = NULL;
	read_lines(sh, words, 2);
	for (uint32_t i = 0; i < sh->names.n; i++)
		if (strstr(sh->names.v[i], word))
			puts(sh->names.v[i]);
	sh->names.n = 0;
}

static void set(struct shell *sh, const char *arg)
{
	if (*arg) {
		sh->options.list.n = 0;
		add_words(sh, &sh->options, arg);
	}
	for (uint32_t i = 0; i < sh->options.list.n; i++) {
		if (i)
			putchar(' ');
		print_word(sh->options.list.v[i]);
	}
	puts(sh->options.list.n ? "" : "no options");
}

static void example(struct shell *sh, const char *name)
{
	const char *path;
	struct err *e;

	if (!*name) {
		example_list(&sh->arena, stdout);
		return;
	}
	e = example_find(name, &sh->arena, &path);
	if (!e && load(sh, path))
		list(sh);
	if (e)
		fprintf(stderr, "%s\n", e->msg);
	err_free(e);
}

static void obey(struct shell *sh, enum command c, const char *arg)
{
	switch (c) {
	case COMMAND_help:
		help();
		break;
	case COMMAND_add:
		if (*arg)
			add_whole(sh, arg);
		else
			add_until_dot(sh);
		break;
	case COMMAND_list:
		list(sh);
		break;
	case COMMAND_delete:
		delete(sh, arg);
		break;
	case COMMAND_edit:
		edit(sh);
		break;
	case COMMAND_load:
		if (load(sh, arg))
			list(sh);
		break;
	case COMMAND_save:
		(void)save(sh, arg);
		break;
	case COMMAND_run:
		run(sh, NULL, script(sh), arg);
		break;
	case COMMAND_check:
		check(sh);
		break;
	case COMMAND_do:
		run_now(sh, arg);
		break;
	case COMMAND_set:
		set(sh, arg);
		break;
	case COMMAND_probes:
		look(sh, "-l", arg);
		break;
	case COMMAND_vars:
		look(sh, "-L", arg);
		break;
	case COMMAND_functions:
		functions(sh, arg);
		break;
	case COMMAND_example:
		example(sh, arg);
		break;
	case COMMAND_explain:
		look(sh, "--explain", arg);
		break;
	case COMMAND_quit:
		sh->is_over = true;
		break;
	case COMMAND_N:
		break;
	}
}

/* A command by its name, or the only one that begins so. */
static enum command find(const char *word, size_t n)
{
	enum command found = COMMAND_N;

	for (uint32_t i = 0; i < COMMAND_N; i++) {
		if (strncmp(commands[i].name, word, n) != 0)
			continue;
		if (!commands[i].name[n])
			return i;
		if (found != COMMAND_N)
			return COMMAND_N;
		found = i;
	}
	if (n == 4 && !strncmp(word, "exit", 4))
		return COMMAND_quit;
	return found;
}

static void take(struct shell *sh, const char *line)
{
	static const char *const declared[] = { "probe", "function", "global",
						"private", "@define" };
	size_t n = strcspn(line, " \t");
	enum command c;

	for (size_t i = 0; i < ARRAY_SIZE(declared); i++)
		if (is_declaration(line, declared[i])) {
			add_whole(sh, line);
			return;
		}
	c = n ? find(line, n) : COMMAND_N;
	if (c != COMMAND_N)
		obey(sh, c, skip_blanks(line + n));
	else if (n)
		fprintf(stderr, "there is no command '%.*s'; help lists them\n",
			(int)n, line);
}

/* ---- completion ---- */

/* "name:type (...)" to "name(" */
static void cut_functions(struct shell *sh)
{
	for (uint32_t i = 0; i < sh->names.n; i++) {
		char *colon = strchr(sh->names.v[i], ':');

		if (colon)
			memcpy(colon, "(", 2);
	}
}

static void find_functions(struct shell *sh)
{
	char *words[] = { copy(sh, "--dump-functions") };

	read_lines(sh, words, 1);
	cut_functions(sh);
}

static void find_points(struct shell *sh, const char *text)
{
	struct str pattern = arena_printf(&sh->arena, "%s*", text);
	char *words[] = { copy(sh, "-l"),
			  copy(sh, pattern.s) };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int old = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	(void)dup2(null, STDERR_FILENO);
	read_lines(sh, words, 2);
	(void)dup2(old, STDERR_FILENO);
	close(null);
	close(old);
}

static void find_names(struct shell *sh, const char *line, int start_at,
		       const char *text)
{
	size_t n = strcspn(line, " \t");

	sh->names.n = 0;
	sh->has_points = false;
	if (!start_at) {
		for (uint32_t i = 0; i < COMMAND_N; i++)
			vec_push(&sh->arena, &sh->names,
				 copy(sh, commands[i].name));
		vec_push(&sh->arena, &sh->names, copy(sh, "probe"));
		vec_push(&sh->arena, &sh->names, copy(sh, "global"));
		vec_push(&sh->arena, &sh->names, copy(sh, "function"));
	} else if (!memchr(line, '{', (size_t)start_at) &&
		   (is_declaration(line, "probe") ||
		    find(line, n) == COMMAND_probes ||
		    find(line, n) == COMMAND_vars)) {
		sh->has_points = true;
		find_points(sh, text);
	} else {
		find_functions(sh);
	}
}

/* The library takes what is between blanks for a word: in "println(exec" the
 * word is at the end. */
static size_t word_start(struct shell *sh, const char *text)
{
	size_t n = strlen(text);

	if (sh->has_points)
		return 0;
	while (n && (isalnum((unsigned char)text[n - 1]) ||
		     strchr("_.@", text[n - 1])))
		n--;
	return n;
}

static char *complete(void *data, const char *line, int start_at,
		      const char *text, uint32_t i)
{
	struct shell *sh = data;
	size_t from;
	char *found;

	if (!i || !sh->names_for || strcmp(sh->names_for, text) != 0) {
		find_names(sh, line, start_at, text);
		sh->names_for = copy(sh, text);
	}
	from = word_start(sh, text);
	for (uint32_t k = 0; k < sh->names.n; k++) {
		if (strncmp(sh->names.v[k], text + from,
			    strlen(text + from)) != 0 || i--)
			continue;
		if (asprintf(&found, "%.*s%s", (int)from, text,
			     sh->names.v[k]) < 0)
			abort();
		return found;
	}
	return NULL;
}

/* ---- */

static const char *history_path(struct shell *sh)
{
	const char *home = getenv("HOME");

	if (!home || !*home)
		return NULL;
	return arena_printf(&sh->arena, "%s/.spile_history", home).s;
}

static void nothing(int number)
{
	(void)number;
}

/* Interrupts are for what runs. */
static void pass_over(int number)
{
	struct sigaction act = { .sa_handler = nothing,
				 .sa_flags = SA_RESTART };

	(void)sigaction(number, &act, NULL);
}

int interactive(const struct options *o)
{
	struct shell sh = {};
	char *line;

	arena_init(&sh.arena);
	for (uint32_t i = 0; i < o->before.n; i++)
		vec_push(&sh.arena, &sh.options.list, o->before.v[i]);
	if (o->file)
		(void)load(&sh, o->file);
	sh.edit = lineedit_create(history_path(&sh), complete, &sh);
	pass_over(SIGINT);
	pass_over(SIGQUIT);
	if (isatty(STDIN_FILENO))
		puts("A script, line by line: help lists the commands, quit leaves.");
	while (!sh.is_over && (line = lineedit_read(sh.edit, "spile> "))) {
		take(&sh, skip_blanks(line));
		fflush(stdout);
		free(line);
	}
	lineedit_destroy(sh.edit);
	arena_deinit(&sh.arena);
	return EXIT_SUCCESS;
}
