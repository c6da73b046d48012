/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/cachefile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/vec.h"

struct str cachefile_dir(struct arena *a)
{
	const char *dir = getenv("SPILE_CACHE");

	if (dir && *dir == '/')
		return arena_str(a, str_from(dir));
	dir = getenv("XDG_CACHE_HOME");
	if (!geteuid())
		return STR("/var/cache/spile");
	if (dir && *dir == '/')
		return arena_printf(a, "%s/spile", dir);
	dir = getenv("HOME");
	if (dir && *dir == '/')
		return arena_printf(a, "%s/.cache/spile", dir);
	return (struct str){};
}

struct str cachefile_boot_dir(struct arena *a)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (!geteuid())
		return STR("/run/spile");
	if (dir && *dir == '/')
		return arena_printf(a, "%s/spile", dir);
	return cachefile_dir(a);
}

const void *cachefile_map(struct str path, uint64_t max, uint64_t *ret_size)
{
	_cleanup_close_ int fd =
		open(path.s, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	void *p;

	/* Only what is ours, or root's, is believed. */
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    (st.st_uid != geteuid() && st.st_uid) || st.st_mode & 022 ||
	    st.st_size <= 0 || (uint64_t)st.st_size > max)
		return NULL;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return NULL;
	*ret_size = (uint64_t)st.st_size;
	return p;
}

/* Four sums that do not wait for each other. */
uint64_t cachefile_sum(const void *data, uint64_t size)
{
	const char *p = data;
	uint64_t sums[4] = { size, 1, 2, 3 }, word;
	uint32_t at = 0;

	for (; size; at = (at + 1) % ARRAY_SIZE(sums)) {
		uint64_t n = MIN(size, (uint64_t)sizeof(word));

		word = 0;
		memcpy(&word, p, n);
		sums[at] = (sums[at] ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		sums[at] ^= sums[at] >> 32;
		p += n;
		size -= n;
	}
	return sums[0] ^ sums[1] * 3 ^ sums[2] * 5 ^ sums[3] * 7;
}

static bool cachefile_write(int fd, const char *data, uint64_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n <= 0)
			return false;
		data += n;
		size -= (uint64_t)n;
	}
	return true;
}

bool cachefile_can_save(struct str path)
{
	const char *end = memrchr(path.s, '/', path.len);
	bool can;
	char *dir;

	if (!end)
		return false;
	dir = strndup(path.s, (size_t)(end - path.s));
	if (!dir)
		abort();
	mkdir(dir, 0755);
	can = !access(dir, W_OK);
	free(dir);
	return can;
}

static void save(struct str path, const void *data, uint64_t size, mode_t mode)
{
	_cleanup_close_ int fd = -1;
	struct arena a;
	char *temp;

	if (!cachefile_can_save(path))
		return;
	arena_init(&a);
	temp = (char *)(uintptr_t)arena_printf(&a, "%" STR_FMT ".XXXXXX",
					       STR_ARG(path))
		       .s;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd >= 0 && (!cachefile_write(fd, data, size) || fchmod(fd, mode) ||
			rename(temp, path.s)))
		unlink(temp);
	arena_deinit(&a);
}

void cachefile_save(struct str path, const void *data, uint64_t size)
{
	save(path, data, size, 0644);
}

void cachefile_save_secret(struct str path, const void *data, uint64_t size)
{
	save(path, data, size, 0600);
}
