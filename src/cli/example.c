/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/example.h"

#include <dirent.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "lang/diag.h"

#define DEPTH_MAX 6		/* directories below a place of examples */
#define FILES_MAX 4096

/* All scripts below a directory, in the order of their paths. */
struct scripts {
	struct arena *arena;
	VEC(struct str) paths;
};

static struct str base_name(struct str path)
{
	const char *slash = strrchr(path.s, '/');

	return slash ? str_from(slash + 1) : path;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_dir(struct scripts *s, struct str dir, unsigned depth)
{
	struct dirent **entries;
	int n = scandir(dir.s, &entries, NULL, by_name);

	for (int i = 0; i < n; i++) {
		const struct dirent *e = entries[i];
		struct str path = arena_printf(s->arena, "%" STR_FMT "/%s",
					       STR_ARG(dir), e->d_name);

		if (e->d_name[0] != '.' && e->d_type == DT_DIR &&
		    depth < DEPTH_MAX)
			add_dir(s, path, depth + 1);
		else if (str_ends(path, STR(".stp")) &&
			 s->paths.n < FILES_MAX)
			vec_push(s->arena, &s->paths, path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* Beside the program: where it is installed, and where it is built. */
static void add_own(struct scripts *s)
{
	static const char *const places[] = { "../share/spile/examples",
					      "../examples" };
	char exe[1024];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n <= 0)
		return;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(places) && !s->paths.n; i++) {
		_cleanup_free_ char *dir = NULL, *real = NULL;

		if (asprintf(&dir, "%.*s/%s", (int)(slash - exe), exe,
			     places[i]) < 0)
			abort();
		real = realpath(dir, NULL);
		if (real)
			add_dir(s, arena_str(s->arena, str_from(real)), 0);
	}
}

static void add_systemtap(struct scripts *s)
{
	glob_t dirs = {};

	/* Debian's place, and that of others */
	if (!glob("/usr/share/systemtap/examples", 0, NULL, &dirs) ||
	    !glob("/usr/share/doc/systemtap*/examples", 0, NULL, &dirs))
		for (size_t i = 0; i < dirs.gl_pathc; i++)
			add_dir(s, arena_str(s->arena,
					     str_from(dirs.gl_pathv[i])), 0);
	globfree(&dirs);
}

static void add_all(struct scripts *s)
{
	const char *dir = getenv("SPILE_EXAMPLES");

	if (dir && *dir)
		add_dir(s, str_from(dir), 0);
	add_own(s);
	add_systemtap(s);
}

struct err *example_find(const char *name, struct arena *a, const char **ret)
{
	struct scripts s = { .arena = a };
	struct str want = str_from(name), best;
	struct diag_guess guess;
	struct err *err;

	if (!str_ends(want, STR(".stp")))
		want = arena_printf(a, "%s.stp", name);
	diag_guess_init(&guess, want);
	add_all(&s);
	for (uint32_t i = 0; i < s.paths.n; i++) {
		if (str_eq(base_name(s.paths.v[i]), want)) {
			*ret = s.paths.v[i].s;
			return NULL;
		}
		diag_guess_add(&guess, base_name(s.paths.v[i]));
	}
	best = diag_guess_best(&guess);
	err = err_new(ERR_NOT_FOUND, "there is no example '%s'", name);
	if (best.len)
		return err_hint(err, "did you mean '%" STR_FMT "'?",
				STR_ARG(best));
	return err_hint(err, "spile --example, without a name, lists them");
}

/* ---- the list ---- */

/* The text of a line of a comment; NULL when there is none. */
static char *comment_text(char *line)
{
	char *text = line + strspn(line, "#/* \t");
	char *end = strstr(text, "*/");

	text[strcspn(text, "\n")] = '\0';
	if (end)
		*end = '\0';
	if (text == line || !*text || *text == '!' || strstr(text, "SPDX"))
		return NULL;
	return text;
}

/* The first sentence of the first comment that is no "#!" and no licence. */
static void print_about(const char *path, FILE *out)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	bool has_begun = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		char *text = comment_text(line), *end;

		if (!text && has_begun)
			return;
		if (!text)
			continue;
		end = strpbrk(text, ".;:");
		if (end)
			*end = '\0';
		fprintf(out, "%s%s", has_begun ? " " : "", text);
		if (end)
			return;
		has_begun = true;
	}
}

void example_list(struct arena *a, FILE *out)
{
	struct scripts s = { .arena = a };
	const char *dir = getenv("SPILE_EXAMPLES");

	if (dir && *dir)
		add_dir(&s, str_from(dir), 0);
	add_own(&s);
	if (!s.paths.n)
		fputs("spile: no examples are installed; SPILE_EXAMPLES names "
		      "a directory of them\n", stderr);
	for (uint32_t i = 0; i < s.paths.n; i++) {
		struct str name = base_name(s.paths.v[i]);

		fprintf(out, "%-28s ", name.s);
		print_about(s.paths.v[i].s, out);
		fputc('\n', out);
	}
}
