/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel shows three things: a page with the consumer's position, which
 * is ours to write; a page with the producer's; and the data, twice in a row,
 * so that a record that runs over the end is whole all the same.
 *
 * A record is u32 length (with a bit for "being written" and one for "thrown
 * away"), u32 for the kernel, the bytes; the next begins on a multiple of 8.
 *
 * Every page that is mapped counts as memory in use, at once.  So of the
 * second copy only the beginning is mapped, until a record needs more.
 */
#include "run/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"

/* Bytes of the second copy that are mapped: programs make no longer records. */
#define RING_TAIL (64u << 10)
#define RING_FLAGS (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)

struct ring {
	uint64_t *consumer;		/* a page */
	const uint64_t *producer;	/* a page, then the data */
	const char *data;
	size_t mapped;			/* bytes of data, second copy too */
	uint32_t page, size;
	int fd;
	uint64_t at;			/* our copy of the position */
	uint64_t next;			/* behind the record that peek gave */
};

/* On failure the ring is as it was. */
static bool ring_map_data(struct ring *r, size_t bytes)
{
	const char *p = mmap(NULL, r->page + bytes, PROT_READ, MAP_SHARED,
			     r->fd, r->page);

	if (p == MAP_FAILED)
		return false;
	if (r->producer)
		munmap((void *)(uintptr_t)r->producer, r->page + r->mapped);
	r->producer = (const uint64_t *)(const void *)p;
	r->data = p + r->page;
	r->mapped = bytes;
	return true;
}

static bool ring_map_consumer(struct ring *r)
{
	void *p = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED,
		       r->fd, 0);

	if (p == MAP_FAILED)
		return false;
	r->consumer = p;
	return true;
}

struct err *ring_open(int fd, uint32_t size, struct ring **ret)
{
	struct ring *r = calloc(1, sizeof(*r));
	struct err *e;

	if (!r)
		abort();
	r->page = (uint32_t)sysconf(_SC_PAGESIZE);
	r->size = size;
	r->fd = fd;
	if (!ring_map_consumer(r) ||
	    !ring_map_data(r, (size_t)size + MIN(size, RING_TAIL))) {
		e = err_os(errno, "mapping a ring buffer");
		ring_close(r);
		return e;
	}
	r->at = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	r->next = r->at;
	*ret = r;
	return NULL;
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->consumer)
		munmap(r->consumer, r->page);
	if (r->producer)
		munmap((void *)(uintptr_t)r->producer, r->page + r->mapped);
	free(r);
}

static uint32_t ring_offset(const struct ring *r)
{
	return (uint32_t)(r->at & (r->size - 1));
}

static uint32_t ring_head(const struct ring *r)
{
	const uint32_t *head =
		(const uint32_t *)(const void *)(r->data + ring_offset(r));

	return __atomic_load_n(head, __ATOMIC_ACQUIRE);
}

static void ring_move(struct ring *r, uint64_t to)
{
	r->at = to;
	__atomic_store_n(r->consumer, to, __ATOMIC_RELEASE);
}

/* Does a record of `total` bytes, with its head, fit into what the producer
 * has made, and is it all in reach? */
static bool ring_reaches(struct ring *r, uint64_t end, uint32_t total)
{
	if (end - r->at > r->size || total > end - r->at)
		return false;
	return (size_t)ring_offset(r) + total <= r->mapped ||
	       ring_map_data(r, 2 * (size_t)r->size);
}

const void *ring_peek(struct ring *r, uint32_t *len)
{
	uint64_t end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);

	while (r->at < end) {
		uint32_t head = ring_head(r);
		uint32_t total = align_up((head & ~RING_FLAGS) +
					  BPF_RINGBUF_HDR_SZ, 8);

		if (head & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		/* Nothing tells where the next one is, then. */
		if (!ring_reaches(r, end, total)) {
			ring_move(r, end & ~UINT64_C(7));
			return NULL;
		}
		r->next = r->at + total;
		if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
			*len = head;
			return r->data + ring_offset(r) + BPF_RINGBUF_HDR_SZ;
		}
		ring_consume(r);
	}
	return NULL;
}

void ring_consume(struct ring *r)
{
	ring_move(r, r->next);
}

#ifdef UNIT_TEST
#include "base/vec.h"
#include "unit.h"

#define TEST_PAGE 4096u
#define TEST_SIZE 4096u

/* A ring as the kernel shows it, in a file. */
static struct ring *test_ring(uint32_t **ret_data, uint64_t **ret_producer)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	struct ring *r = NULL;
	char *p;

	TEST(fd >= 0 &&
	     !ftruncate(fd, 2 * TEST_PAGE + 2 * (off_t)TEST_SIZE));
	TEST(!ring_open(fd, TEST_SIZE, &r));
	p = mmap(NULL, 2 * TEST_PAGE + 2 * TEST_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED, fd, 0);
	TEST(p != MAP_FAILED);
	*ret_producer = (uint64_t *)(void *)(p + TEST_PAGE);
	*ret_data = (uint32_t *)(void *)(p + 2 * TEST_PAGE);
	return r;
}

static void test_end(struct ring *r, uint64_t *producer)
{
	munmap((char *)producer - TEST_PAGE, 2 * TEST_PAGE + 2 * TEST_SIZE);
	close(r->fd);
	ring_close(r);
}

UNIT_TEST_CASE(ring_reads_in_order)
{
	uint64_t *producer;
	uint32_t *data, len = 0;
	struct ring *r = test_ring(&data, &producer);
	const uint32_t *got;

	TEST(!ring_peek(r, &len));
	data[0] = 5;				/* of 16 bytes, with its head */
	data[2] = 0x11;
	data[4] = 8 | BPF_RINGBUF_DISCARD_BIT;
	data[8] = 4;
	data[10] = 0x22;
	data[12] = 8 | BPF_RINGBUF_BUSY_BIT;
	*producer = 64;
	got = ring_peek(r, &len);
	TEST(got && *got == 0x11 && len == 5);
	TEST(ring_peek(r, &len) == got);
	ring_consume(r);
	TEST_EQ(*r->consumer, 16);
	got = ring_peek(r, &len);
	TEST(got && *got == 0x22 && len == 4);
	ring_consume(r);
	TEST(!ring_peek(r, &len));
	TEST_EQ(*r->consumer, 48);
	data[12] = 8;
	TEST(ring_peek(r, &len) && len == 8);
	test_end(r, producer);
}

UNIT_TEST_CASE(ring_distrusts_lengths)
{
	static const uint32_t bad[] = {
		9, 17, TEST_SIZE, 2 * TEST_SIZE, 0x3fffffff, 0x3ffffff8,
		BPF_RINGBUF_DISCARD_BIT | 0x3fffffff,
	};
	uint64_t *producer;
	uint32_t *data, len;
	struct ring *r = test_ring(&data, &producer);

	for (uint32_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint32_t at = ring_offset(r) / 4;

		data[at] = bad[i];
		*producer += 16;
		TEST(!ring_peek(r, &len));
		TEST_EQ(*r->consumer, *producer);
	}
	/* More than there is room for; not on a boundary. */
	*producer += TEST_SIZE + 13;
	data[ring_offset(r) / 4] = 8;
	TEST(!ring_peek(r, &len));
	TEST_EQ(*r->consumer, *producer & ~UINT64_C(7));
	test_end(r, producer);
}
#endif
