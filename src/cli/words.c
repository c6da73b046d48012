/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"

#define RC_MAX 65536		/* bytes of an rc file */

struct list {
	struct arena *arena;
	VEC(char *) words;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The word at *at, without its quotes, as a shell takes them; moves on. */
static char *take_word(struct arena *a, const char **at)
{
	char *word = arena_alloc(a, strlen(*at) + 1), *to = word;
	const char *s = *at;
	char quote = '\0';

	for (; *s && (quote || !is_blank(*s)); s++) {
		if (quote && *s == quote)
			quote = '\0';
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
		else if (*s == '\\' && quote != '\'' && s[1])
			*to++ = *++s;
		else
			*to++ = *s;
	}
	*to = '\0';
	*at = s;
	return word;
}

/* Words with blanks between; a # begins a comment. */
static void split(struct list *l, const char *text)
{
	while (*text) {
		if (is_blank(*text))
			text++;
		else if (*text == '#')
			text += strcspn(text, "\n");
		else
			vec_push(l->arena, &l->words,
				 take_word(l->arena, &text));
	}
}

struct words words_split(const char *text, struct arena *a)
{
	struct list l = { .arena = a };

	split(&l, text);
	vec_push(a, &l.words, NULL);
	return (struct words){ (int)l.words.n - 1, l.words.v };
}

/* ---- the rc file ---- */

static FILE *open_rc(void)
{
	const char *dir = getenv("SYSTEMTAP_DIR"), *home = getenv("HOME");
	_cleanup_free_ char *path = NULL;

	if (dir && *dir) {
		if (asprintf(&path, "%s/rc", dir) < 0)
			abort();
	} else if (home && *home) {
		if (asprintf(&path, "%s/.systemtap/rc", home) < 0)
			abort();
	}
	return path ? fopen(path, "re") : NULL;
}

static struct err *read_rc(struct list *l)
{
	_cleanup_fclose_ FILE *f = open_rc();
	char *text;
	size_t n;

	if (!f)
		return NULL;
	text = arena_alloc(l->arena, RC_MAX + 1);
	n = fread(text, 1, RC_MAX + 1, f);
	if (ferror(f))
		return err_os(errno, "reading the rc file");
	if (n > RC_MAX)
		return err_new(ERR_LIMIT, "the rc file is too long");
	text[n] = '\0';
	split(l, text);
	return NULL;
}

/* ---- #! ---- */

/* Does the file begin with "#!", a program, and these words? */
static bool is_shebang(const char *path, const char *words)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[1024];
	struct str s;

	if (!f || !fgets(line, sizeof(line), f))
		return false;
	s = str_from(line);
	while (s.len && is_blank(s.s[s.len - 1]))
		s.len--;
	return str_starts(s, STR("#!")) && str_ends(s, str_from(words));
}

/* The kernel gives all that stands behind the program as one word. */
static bool is_glued(int argc, char **argv)
{
	return argc > 2 && argv[1][0] == '-' && strpbrk(argv[1], " \t") &&
	       is_shebang(argv[2], argv[1]);
}

/* ---- staprun(8) ---- */

static bool is_staprun(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, "staprun");
}

/* What stands behind a letter that takes something, or the next word. */
static char *operand(int argc, char **argv, int *i)
{
	if (argv[*i][2])
		return argv[*i] + 2;
	return *i + 1 < argc ? argv[++*i] : NULL;
}

static struct err *no_module(void)
{
	return err_hint(err_new(ERR_OTHER, "-d: there is no kernel module to "
					   "delete"),
			"a session is gone when its process is: kill it");
}

/* staprun's own letters become spile's, and NAME=VALUE behind the image a
 * global. */
static struct err *staprun_word(struct list *l, int argc, char **argv, int *i,
				bool *has_image)
{
	char *w = argv[*i], *value;

	if (w[0] != '-' || !w[1]) {
		if (*has_image && strchr(w, '='))
			split(l, "-G");
		vec_push(l->arena, &l->words, w);
		*has_image = true;
		return NULL;
	}
	if (w[1] == 'd')
		return no_module();
	if (!strcmp(w, "-L") || !strcmp(w, "-D")) {
		split(l, "-F");
	} else if (w[1] == 'b') {
		value = operand(argc, argv, i);
		split(l, "-s");
		if (value)
			vec_push(l->arena, &l->words, value);
	} else if (strcmp(w, "-R") != 0 && strcmp(w, "-u") != 0) {
		vec_push(l->arena, &l->words, w);
		if (strchr("AcxoTSsC", w[1]) && !w[2] && *i + 1 < argc)
			vec_push(l->arena, &l->words, argv[++*i]);
	}
	return NULL;
}

static struct err *staprun_words(struct list *l, int argc, char **argv)
{
	struct err *err = NULL;
	bool has_image = false;

	for (int i = 1; i < argc && !err; i++)
		err = staprun_word(l, argc, argv, &i, &has_image);
	return err;
}

struct err *words_collect(int argc, char **argv, struct arena *a,
			  struct words *ret)
{
	struct list l = { .arena = a };
	int first = 1;
	struct err *err;

	vec_push(a, &l.words, argv[0]);
	err = read_rc(&l);
	if (err)
		return err;
	if (is_glued(argc, argv)) {
		split(&l, argv[1]);
		first = 2;
	}
	if (is_staprun(argv[0])) {
		err = staprun_words(&l, argc, argv);
		if (err)
			return err;
		first = argc;
	}
	for (int i = first; i < argc; i++)
		vec_push(a, &l.words, argv[i]);
	vec_push(a, &l.words, NULL);
	*ret = (struct words){ (int)l.words.n - 1, l.words.v };
	return NULL;
}
