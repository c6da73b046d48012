/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests/user/ traces: each call and each value is known.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum color { RED, GREEN = 5, BLUE };

struct inner {
	int8_t small;
	unsigned int low : 3, high : 5;
	int negative : 4;
};

struct item {
	long id;
	const char *name;
	struct inner in;
	enum color color;
	int numbers[4];
	struct item *next;
	union {
		long whole;
		int half[2];
	};
};

static struct item second = {
	.id = 2, .name = "second", .in = { -2, 2, 12, -3 }, .color = BLUE,
	.numbers = { 10, 20, 30, 40 }, .whole = 0x100000002,
};

static struct item first = {
	.id = 1, .name = "first", .in = { -1, 1, 11, -1 }, .color = GREEN,
	.numbers = { 1, 2, 3, 4 }, .next = &second, .whole = 7,
};

static long total;
int shared = 7;

/* Nothing is known of these to who calls them. */
#if __has_attribute(noipa)
#define OPAQUE __attribute__((noipa, noinline))
#else
#define OPAQUE __attribute__((noinline))
#endif

/*
 * Static marks: a nop, and a note that says where it is, what it is called and,
 * in the assembler's words, where its arguments are.
 */
#define MARK_TEXT(x) #x
#define MARK_NOTE(provider, name, semaphore, args)                           \
	"990: nop\n"                                                         \
	".pushsection .note.stapsdt, \"?\", \"note\"\n"                       \
	".balign 4\n"                                                        \
	".4byte 992f - 991f, 994f - 993f, 3\n"                               \
	"991: .asciz \"stapsdt\"\n"                                          \
	"992: .balign 4\n"                                                   \
	"993: .8byte 990b, _.stapsdt.base, " MARK_TEXT(semaphore) "\n"       \
	".asciz \"" MARK_TEXT(provider) "\"\n"                               \
	".asciz \"" MARK_TEXT(name) "\"\n"                                   \
	".asciz \"" args "\"\n"                                              \
	"994: .balign 4\n"                                                   \
	".popsection\n"                                                      \
	".ifndef _.stapsdt.base\n"                                           \
	".pushsection .stapsdt.base, \"aG\", \"progbits\", "                  \
	".stapsdt.base, comdat\n"                                            \
	".weak _.stapsdt.base\n"                                             \
	".hidden _.stapsdt.base\n"                                           \
	"_.stapsdt.base: .space 1\n"                                         \
	".size _.stapsdt.base, 1\n"                                          \
	".popsection\n"                                                      \
	".endif\n"

static volatile unsigned short watched_semaphore
	__attribute__((section(".probes"), used));

OPAQUE void marks(int n, const char *text, signed char small, long *memory)
{
	__asm__ volatile(MARK_NOTE(program, reached, 0,
				   "-4@%0 8@%1 -1@%2 -8@%3 -4@$-5")
			 :: "r"(n), "r"(text), "q"(small), "m"(*memory));
	if (!watched_semaphore)
		return;
	__asm__ volatile(MARK_NOTE(program, watched, watched_semaphore,
				   "-8@%0") :: "r"(*memory * n));
}

OPAQUE long visit(struct item *item, int depth)
{
	long sum = item->id * depth;

	total += sum;
	if (item->next)
		sum += visit(item->next, depth + 1);
	return sum;
}

static inline __attribute__((always_inline)) long twice(long v)
{
	return 2 * v + shared;
}

OPAQUE long inlines(long n)
{
	long r = twice(n);

	if (r > 10)
		goto big;
	return r;
big:
	return twice(r) + 1;
}

OPAQUE int fails(const char *path, unsigned char byte)
{
	return path[0] == byte ? -2 : -13;
}

OPAQUE long loop(int n)
{
	long s = 0;

	for (int i = 0; i < n; i++) {
		s += i * n;
		shared++;	/* line: loop body */
	}
	return s;
}

/* A page that nobody has read yet. */
static const char cold_page[3 * 4096] __attribute__((aligned(4096))) = {
	[4096] = 'c', 'o', 'l', 'd',
	[8190] = 'o', 'v', 'e', 'r', 0,
};

OPAQUE const char *cold(const char *text, const char *edge)
{
	return text < edge ? text : edge;
}

/* The kernel takes no probe on this one's first instruction. */
__asm__(".text\n"
	".globl refused\n"
	".type refused, @function\n"
	"refused: .byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n"
	"ret\n"
	".size refused, .-refused\n");
void refused(void);

/* Known to debug information by the first name alone. */
OPAQUE int first_name(int v)
{
	return v + shared;
}
int second_name(int v) __attribute__((alias("first_name")));

OPAQUE void regular(void)
{
}

static long warm(const char *text)
{
	long n = 0;

	while (*text)
		n += *text++;
	return n;
}

int main(int argc, char **argv)
{
	char line[64];
	long r = warm(first.name) + warm(second.name) + warm("/etc/passwd") +
		 warm("relative") + warm("mark");

	(void)argv;
	usleep(100000);	/* time for who was told at main() */
	r = visit(&first, 1) + (r < 0);
	cold(cold_page + 4096, cold_page + 8190);
	refused();
	regular();
	r += second_name(35) > 1000;
	for (int i = 0; i < 3; i++)
		r += inlines(i);
	r += fails("/etc/passwd", '/');
	r += fails("relative", '/');
	r += loop(4 + argc - 1);
	for (int i = 1; i <= 3; i++) {
		long cell = 100 * i;

		marks(-i, "mark", (signed char)-i, &cell);
	}
	snprintf(line, sizeof(line), "%ld %ld\n", r, total);
	return !line[0];
}
