/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/unpack.h"

#include <dlfcn.h>
#include <zlib.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/reader.h"

#define UNPACK_MAX ((size_t)1 << 30)
#define UNPACK_STEP ((size_t)1 << 20)
#define UNPACK_LZMA_MEMORY (UINT64_C(1) << 30)
#define GZIP_MAGIC "\x1f\x8b"
#define LZ4_BLOCK_MAX ((size_t)8 << 20)

/* Packed bytes.  hint: how many there are unpacked, or 0. */
struct packed {
	const uint8_t *p;
	size_t n, hint;
};

static struct err *damaged(const char *what)
{
	return err_new(ERR_FORMAT, "what is packed (%s) is damaged", what);
}

static struct err *too_large(void)
{
	return err_new(ERR_LIMIT, "unpacked it is larger than %zu bytes",
		       UNPACK_MAX);
}

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool begins(const struct packed *in, const char *magic, size_t n)
{
	return in->n >= n && !memcmp(in->p, magic, n);
}

/* ---- gzip ---- */

static struct err *gunzip(const struct packed *in, struct buf *ret)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)in->p,
		       .avail_in = (uInt)MIN(in->n, (size_t)UINT32_MAX) };
	size_t start = ret->len;
	int status;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return damaged("gzip");
	do {
		z.next_out = (Bytef *)buf_reserve(ret, UNPACK_STEP);
		z.avail_out = UNPACK_STEP;
		status = inflate(&z, Z_NO_FLUSH);
		ret->len += UNPACK_STEP - z.avail_out;
	} while (status == Z_OK && ret->len - start <= UNPACK_MAX);
	inflateEnd(&z);
	if (ret->len - start > UNPACK_MAX)
		return too_large();
	return status == Z_STREAM_END ? NULL : damaged("gzip");
}

/* ---- lz4 ---- */

/* The rest of a length: bytes that are added up to the first below 255. */
static size_t lz4_length(struct reader *r, size_t n)
{
	uint8_t more = 255;

	if (n != 15)
		return n;
	while (more == 255 && !r->bad && n < LZ4_BLOCK_MAX) {
		more = reader_u8(r);
		n += more;
	}
	return n;
}

/* A match may overlap what it makes. */
static bool lz4_match(struct buf *ret, size_t start, size_t offset, size_t n)
{
	char *to = buf_reserve(ret, n);

	if (!offset || offset > ret->len - start)
		return false;
	for (size_t i = 0; i < n; i++)
		to[i] = to[(ssize_t)i - (ssize_t)offset];
	ret->len += n;
	return true;
}

/* Matches reach no further back than the block. */
static bool lz4_block(const uint8_t *p, size_t n, struct buf *ret)
{
	struct reader r = reader_at(p, n, 0);
	size_t start = ret->len;

	while (reader_left(&r) && ret->len - start <= LZ4_BLOCK_MAX) {
		uint8_t token = reader_u8(&r);
		size_t len = lz4_length(&r, token >> 4);
		size_t offset;

		if (r.bad || len > reader_left(&r))
			return false;
		buf_add(ret, r.p, len);
		r.p += len;
		if (!reader_left(&r))
			return true;
		offset = reader_u16(&r);
		len = lz4_length(&r, token & 15) + 4;
		if (r.bad || len > LZ4_BLOCK_MAX ||
		    !lz4_match(ret, start, offset, len))
			return false;
	}
	return !reader_left(&r);
}

/* Blocks of 8 MiB, each behind its packed length. */
static struct err *unlz4(const struct packed *in, struct buf *ret)
{
	size_t at = 4, start = ret->len;

	while (in->n - at > 4 && ret->len - start <= UNPACK_MAX) {
		size_t n = u32_at(in->p + at);

		at += 4;
		if (n > in->n - at || !lz4_block(in->p + at, n, ret))
			return damaged("lz4");
		at += n;
	}
	return ret->len - start > UNPACK_MAX ? too_large() : NULL;
}

/* ---- what libraries unpack, as one piece ---- */

enum piece {
	PIECE_DONE,
	PIECE_SMALL, /* the room does not suffice */
	PIECE_BAD,
};

typedef enum piece piece_fn(void *function, const struct packed *in, char *to,
			    size_t room, size_t *ret);

static enum piece lzma_piece(void *function, const struct packed *in, char *to,
			     size_t room, size_t *ret)
{
	int (*decode)(uint64_t *, uint32_t, const void *, const uint8_t *,
		      size_t *, size_t, uint8_t *, size_t *, size_t);
	uint64_t memory = UNPACK_LZMA_MEMORY;
	size_t at = 0;
	int status;

	*ret = 0;
	memcpy(&decode, &function, sizeof(decode));
	status = decode(&memory, 0, NULL, in->p, &at, in->n, (uint8_t *)to, ret,
			room);
	/* LZMA_OK, LZMA_BUF_ERROR */
	return !status ? PIECE_DONE : status == 10 ? PIECE_SMALL : PIECE_BAD;
}

static enum piece zstd_piece(void *function, const struct packed *in, char *to,
			     size_t room, size_t *ret)
{
	size_t (*decode)(void *, size_t, const void *, size_t);

	memcpy(&decode, &function, sizeof(decode));
	*ret = decode(to, room, in->p, in->n);
	/* Errors are the negative numbers; 70: the room is too small. */
	if (*ret <= room)
		return PIECE_DONE;
	return *ret == (size_t)-70 ? PIECE_SMALL : PIECE_BAD;
}

/* Nothing becomes more than so many times longer: liblzma says of what is cut
 * off, too, that the room is too small. */
#define UNPACK_TIMES UINT64_C(65536)

/* With more and more room, if nothing says how much it is. */
static struct err *unpack_piece(piece_fn *piece, void *function,
				const struct packed *in, const char *what,
				struct buf *ret)
{
	size_t room = in->hint ? in->hint : MIN(8 * in->n + 4096, UNPACK_MAX);
	size_t most = MIN(UNPACK_TIMES * in->n + 4096, (uint64_t)UNPACK_MAX);
	size_t len;

	for (; room <= most; room *= 2) {
		switch (piece(function, in, buf_reserve(ret, room), room,
			      &len)) {
		case PIECE_DONE:
			ret->len += len;
			return NULL;
		case PIECE_SMALL:
			break;
		case PIECE_BAD:
			return damaged(what);
		}
	}
	return too_large();
}

static struct err *by_library(const struct packed *in, const char *library,
			      const char *name, piece_fn *piece,
			      struct buf *ret)
{
	void *l = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	void *function = l ? dlsym(l, name) : NULL;
	struct err *e;

	if (!function)
		e = err_hint(err_new(ERR_UNSUPPORTED,
				     "it is packed for %s, which this machine "
				     "does not have",
				     library),
			     "install it, or unpack the file");
	else
		e = unpack_piece(piece, function, in, library, ret);
	if (l)
		dlclose(l);
	return e;
}

/* ---- which it is ---- */

static struct err *unpack_plain(const struct packed *in, struct buf *ret)
{
	if (begins(in, GZIP_MAGIC, 2))
		return gunzip(in, ret);
	if (begins(in, "\x02\x21\x4c\x18", 4))
		return unlz4(in, ret);
	if (begins(in, "\xfd\x37zXZ\0", 6))
		return by_library(in, "liblzma.so.5",
				  "lzma_stream_buffer_decode", lzma_piece, ret);
	if (begins(in, "\x28\xb5\x2f\xfd", 4))
		return by_library(in, "libzstd.so.1", "ZSTD_decompress",
				  zstd_piece, ret);
	return err_new(ERR_FORMAT, "it is not packed in a way that is known");
}

/* The last word of a kernel's payload is its length unpacked: put behind it,
 * but with gzip, which ends with that. */
static bool take_payload(struct packed *in, uint64_t at, uint64_t n)
{
	if (at > in->n || n > in->n - at || n < 4)
		return false;
	in->p += at;
	in->n = n;
	in->hint = u32_at(in->p + n - 4);
	if (in->hint > UNPACK_MAX)
		in->hint = 0;
	if (!begins(in, GZIP_MAGIC, 2))
		in->n -= 4;
	return true;
}

/* See Documentation/arch/x86/boot.rst. */
static bool is_bzimage(const struct packed *in)
{
	return in->n > 0x250 && !memcmp(in->p + 0x202, "HdrS", 4);
}

static bool take_bzimage(struct packed *in)
{
	uint64_t sectors = in->p[0x1f1] ? in->p[0x1f1] : 4;

	return take_payload(in, (sectors + 1) * 512 + u32_at(in->p + 0x248),
			    u32_at(in->p + 0x24c));
}

/* See drivers/firmware/efi/libstub/zboot-header.S. */
static bool is_zboot(const struct packed *in)
{
	return in->n > 64 && begins(in, "MZ", 2) &&
	       !memcmp(in->p + 4, "zimg", 4);
}

static bool take_zboot(struct packed *in)
{
	return take_payload(in, u32_at(in->p + 8), u32_at(in->p + 12));
}

struct err *unpack(const uint8_t *p, size_t n, struct buf *ret)
{
	struct packed in = { .p = p, .n = n };

	if ((is_bzimage(&in) && !take_bzimage(&in)) ||
	    (is_zboot(&in) && !take_zboot(&in)))
		return err_new(ERR_FORMAT, "the kernel's header is damaged");
	return unpack_plain(&in, ret);
}
