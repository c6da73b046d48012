/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packed files: kernels as they are booted (bzImage, EFI zboot), modules and
 * debug information; gzip, xz, zstd, and the LZ4 that kernels use.
 *
 * zlib is linked, LZ4 is simple enough to be read here.  liblzma and libzstd
 * are loaded when a file wants them: most starts need neither, and a machine
 * that has files of a kind has the library too (kmod uses the same).
 */
#ifndef DBG_UNPACK_H
#define DBG_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* What is in the packed bytes, appended to ret.  ERR_FORMAT: they are not
 * packed in a way that is known, or are damaged; ERR_UNSUPPORTED: a library is
 * missing; ERR_LIMIT: more than 1 GiB. */
struct err *unpack(const uint8_t *p, size_t n, struct buf *ret) must_check;

#endif
