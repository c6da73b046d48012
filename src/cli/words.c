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
	for (int i = first; i < argc; i++)
		vec_push(a, &l.words, argv[i]);
	vec_push(a, &l.words, NULL);
	*ret = (struct words){ (int)l.words.n - 1, l.words.v };
	return NULL;
}
