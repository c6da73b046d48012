/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel shows three things: a page with the consumer's position, which
 * is ours to write; a page with the producer's; and the data, twice in a row,
 * so that a record that runs over the end is whole all the same.
 *
 * A record is u32 length (with a bit for "being written" and one for "thrown
 * away"), u32 for the kernel, the bytes; the next begins on a multiple of 8.
 */
#include "run/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"

struct ring {
	uint64_t *consumer;		/* a page */
	const uint64_t *producer;	/* a page, then the data */
	const char *data;
	uint32_t page, size;
	uint64_t at;			/* our copy of the position */
};

struct err *ring_open(int fd, uint32_t size, struct ring **ret)
{
	struct ring *r = calloc(1, sizeof(*r));
	struct err *e;
	void *p;

	if (!r)
		abort();
	r->page = (uint32_t)sysconf(_SC_PAGESIZE);
	r->size = size;
	p = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		goto failed;
	r->consumer = p;
	p = mmap(NULL, r->page + 2 * (size_t)size, PROT_READ, MAP_SHARED, fd,
		 r->page);
	if (p == MAP_FAILED)
		goto failed;
	r->producer = p;
	r->data = (const char *)p + r->page;
	r->at = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	*ret = r;
	return NULL;
failed:
	e = err_os(errno, "mapping a ring buffer");
	ring_close(r);
	return e;
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->consumer)
		munmap(r->consumer, r->page);
	if (r->producer)
		munmap((void *)(uintptr_t)r->producer,
		       r->page + 2 * (size_t)r->size);
	free(r);
}

static uint32_t ring_head(const struct ring *r)
{
	const uint32_t *head =
		(const uint32_t *)(const void *)(r->data +
						 (r->at & (r->size - 1)));

	return __atomic_load_n(head, __ATOMIC_ACQUIRE);
}

const void *ring_peek(struct ring *r, uint32_t *len)
{
	uint64_t end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);

	while (r->at < end) {
		uint32_t head = ring_head(r);

		if (head & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
			*len = head;
			return r->data + (r->at & (r->size - 1)) +
			       BPF_RINGBUF_HDR_SZ;
		}
		ring_consume(r);
	}
	return NULL;
}

void ring_consume(struct ring *r)
{
	uint32_t len = ring_head(r) & ~(BPF_RINGBUF_BUSY_BIT |
					BPF_RINGBUF_DISCARD_BIT);

	r->at += align_up(len + BPF_RINGBUF_HDR_SZ, 8);
	__atomic_store_n(r->consumer, r->at, __ATOMIC_RELEASE);
}
