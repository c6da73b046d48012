/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hard cases for who reads variables of C: a comment that begins with an @
 * lists what is printed at its line.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hard.h"

enum colour { RED, GREEN = 5, BLUE = -3 };
enum flags { LOW = 1, HIGH = 0x80000000u };
typedef unsigned char byte;
typedef byte octet;
typedef octet small_t;
typedef const volatile small_t strange_t;
typedef long (*binary_t)(long, long);
typedef struct node node_t;
typedef int matrix_t[2][3];

struct bits {
	unsigned int a : 3, b : 7;
	int c : 5;
	long long d : 40;
	bool e : 1;
	enum colour f : 4;
	unsigned int : 0;
	short g : 9;
};

struct node {
	node_t *next;
	const char *name;
	union {
		int number;
		float real;
		struct {
			short low, high;
		};
	};
	enum colour colour;
	struct bits bits;
	char text[12];
	binary_t call;
	struct {
		struct pair inner;
		int tail[2];
	} deep[2];
};

struct two {
	long x, y;
};

struct mixed {
	int i;
	float f;
	double d;
};

struct tiny {
	char c;
	short s;
};

struct big {
	long v[6];
};

static int file_static = 11;
static short same_name = -9;
int global_int = 0x7fffffff;
unsigned long global_long = 0xfedcba9876543210;
double global_double = -2.5;
float global_float = 0.75f;
const char *const greeting = "hello";
char letters[] = "letters";
static matrix_t matrix = { { 1, 2, 3 }, { 4, 5, 6 } };
static struct bits global_bits = { 5, 99, -7, -123456789012, 1, BLUE, -200 };
static struct node *list;
static __thread int tls_static = 77;
__thread struct pair tls_pair = { 3, 4 };
volatile long sink;
static struct {
	int x;
	union {
		long l;
		int half[2];
	};
} nameless __attribute__((used)) = { 6, { 0x100000002 } };

/* ---- values of every size ---- */

OPAQUE long scalars(signed char sc, unsigned char uc, short s,
		    unsigned short us, int i, unsigned int u, long l,
		    unsigned long ul, bool b, enum colour c, enum flags f,
		    char *p)
{
	long r = sc + uc;
	/* @ sc; uc; s; us; i; u; l; ul; b; c; f; p; *p */

	r += s + us + i;
	/* @ r; sc; uc; s; us; i; u; l; ul; b; c; f; p[1] */
	r += (long)u + l;	/* @ r; u; l; ul; b; c; f; &p[2] */
	KEEP(r);	/* @ r; ul; b; c; f; p; p[2] */
	return r + (long)ul + b + c + f + p[0];
}

OPAQUE double floats(float f, double d, const float *pf, long n)
{
	double sum = f;	/* @ f; d; n; *pf; pf[1] */

	for (long i = 0; i < n; i++) {
		sum += d * pf[i];	/* @ i; n; sum; d; f; pf[i] */
		KEEP(i);	/* @ i; n; d; global_double; global_float */
	}
	sink = (long)sum;	/* @ sum; f; d; n */
	return sum;
}

OPAQUE long double long_doubles(long double x, __int128 wide)
{
	long low = (long)wide;

	sink = low;	/* @ low; sink */
	return x * 2 + (long double)low;
}

/* ---- structs, in memory and not ---- */

OPAQUE long by_pointer(struct node *n, int depth)
{
	long r = n->number * depth;
	/* @ n; depth; n->number; n->real; n->low; n->high; n->colour; n->name;
	 * n->text; n->text[0]; n->next; n->call */

	r += n->bits.a + n->bits.b;
	/* @ r; n->bits.a; n->bits.b; n->bits.c; n->bits.d; n->bits.e;
	 * n->bits.f; n->bits.g; n->bits$ */
	r += n->bits.c + n->deep[1].inner.first;
	/* @ r; n->deep[0].inner.first; n->deep[1].inner.second;
	 * n->deep[depth - 1].tail[1]; n->deep[0]$; &n->bits;
	 * &n->deep[1].tail[1] */
	r += n->call ? n->call(r, depth) : 0;	/* @ r; depth; n->deep$; n$ */
	if (n->next)
		r += by_pointer(n->next, depth + 1);
		/* @ r; depth; n->next->name; n->next->number; n->next->next;
		 * n->next->bits.d */
	KEEP(n);	/* @ r; n; n->number; depth */
	return r;
}

OPAQUE long by_value(struct pair p, struct two t, struct mixed m,
		     struct tiny s, struct big b)
{
	long r = p.first + t.x;
	/* @ p.first; p.second; t.x; t.y; m.i; m.f; m.d; s.c; s.s; b.v[0];
	 * b.v[5]; p$; t$; s$; b$ */

	r += p.second - t.y;
	/* @ r; p.first; p.second; t.x; t.y; m.i; m.f; m.d; s.c; s.s; b.v[3] */
	r += m.i + (long)m.d + s.c + s.s + b.v[2];
	/* @ r; m.i; m.d; s.c; s.s; b.v[2]; m.f */
	KEEP(r);	/* @ r; p.first; t.y; b.v[1] */
	return r;
}

OPAQUE struct two return_two(long a)
{
	struct two t = { a, -a };

	KEEP(a);	/* @ a; t.x; t.y; t$ */
	t.x += 2;
	KEEP(t.x);	/* @ a; t.x; t.y */
	return t;
}

OPAQUE struct mixed return_mixed(int a)
{
	struct mixed m = { a, (float)a / 2, a * 1.5 };

	KEEP(a);	/* @ a; m.i; m.f; m.d */
	return m;
}

OPAQUE long scalar_replaced(long a, long b)
{
	struct two t = { a + 1, b * 2 };
	struct pair p = { (int)b, a };
	struct two *q = &t;
	long r;

	KEEP(t.x);
	/* @ a; b; t.x; t.y; p.first; p.second; q->x; q->y; *q$ */
	r = q->x + p.second;
	t.y += r;
	KEEP(t.y);	/* @ r; t.x; t.y; p.first; p.second; q->y; t$ */
	return r + q->y + p.first;
}

INLINE long sum_of(const struct two *t, const long *extra)
{
	long s = t->x + t->y;	/* @ t->x; t->y; *extra; t$ */

	KEEP(s);	/* @ s; t->x; t->y; *extra; extra[0] */
	return s + *extra;
}

OPAQUE long implicit_pointers(long a)
{
	struct two local = { a, 3 * a };
	long extra = a - 4;
	long r = sum_of(&local, &extra);
	/* @ a; local.x; local.y; extra */

	KEEP(r);	/* @ r; a; local.x; extra */
	return r;
}

OPAQUE long constants(int n)
{
	const int four = 4;
	const char *word = "word";
	double half = 0.5;
	const struct two fixed = { 12, -13 };
	long r = n * four;

	KEEP(r);
	/* @ n; r; four; word; word[1]; half; fixed.x; fixed.y; fixed$ */
	return r + word[n & 3] + (long)(n * half) + fixed.y;
}

/* ---- arrays ---- */

OPAQUE long arrays(int n, int (*grid)[3], long *v)
{
	int local[4] = { n, n + 1, n + 2, n + 3 };
	struct pair pairs[2] = { { n, 1 }, { 2, n } };
	int vla[n];
	long r = 0;

	other_fill(vla, n);
	/* @ n; local[0]; local[3]; pairs[1].first; pairs[1].second; grid[1][2];
	 * v[1]; matrix[1][0]; local$ */
	other_fill(local, 3);
	for (int i = 0; i < 3; i++) {
		r += grid[1][i] * local[i];
		/* @ i; r; grid[0][i]; grid[1][2]; local[i]; v[i] */
		KEEP(r);
		/* @ i; r; n; local[i]; matrix[1][i]; vla[0]; vla[1] */
	}
	KEEP(pairs[1].second);
	/* @ r; pairs[0].first; pairs[1].second; pairs[1]$; pairs$; letters;
	 * letters[2]; letters$; matrix$ */
	return r + vla[n - 1] + v[2];
}

/* ---- scopes ---- */

OPAQUE int shadows(int x)
{
	int r = x;

	KEEP(r);	/* @ x; r */
	{
		int x = r + 10;

		KEEP(x);	/* @ x; r */
		for (int x = 0; x < 2; x++) {
			long r = x + 100;

			KEEP(r);	/* @ x; r */
		}
		r += x;	/* @ x; r */
	}
	if (r > 5) {
		static int x = 1000;

		x++;
		KEEP(x);	/* @ x; r */
		r += x;
	}
	KEEP(r);	/* @ x; r; same_name; file_static */
	return r;
}

/* ---- inlined functions ---- */

INLINE int innermost(int a, int b)
{
	int c = a * b + 1;

	KEEP(c);	/* @ a; b; c */
	return c - a;
}

INLINE int middle(int a, struct node *n)
{
	int b = innermost(a, 3);	/* @ a; n->number; n->name */

	KEEP(b);	/* @ a; b; n->number */
	return innermost(b, a) + n->number;
}

OPAQUE int inlines(struct node *n, int a)
{
	int r = middle(a, n);	/* @ n; a */

	r += middle(7, n->next ? n->next : n);
	KEEP(r);	/* @ r; a; n->number */
	return r + innermost(r, 2);
}

static int partial(int kind, const char *text)
{
	KEEP(text);	/* @ kind; text; *text */
	return kind ? (int)strlen(text) : 0;
}

OPAQUE int calls_partial(int n)
{
	int r = partial(1, "one") + n;

	r += partial(1, "three");	/* @ r; n */
	KEEP(r);	/* @ r; n */
	return r;
}

/* ---- loops ---- */

OPAQUE long unrolled(const int *v, int n)
{
	long sum = 0, product = 1;

	for (int i = 0; i < n; i++) {
		sum += v[i];	/* @ i; sum; product; v[i]; n */
		product *= v[i] | 1;	/* @ i; sum; product */
		KEEP(sum);	/* @ i; sum; product; n */
	}
	for (int i = 0; i < 4; i++) {
		product += v[i] * i;
		KEEP(product);	/* @ i; sum; product */
	}
	return sum ^ product;	/* @ sum; product */
}

OPAQUE unsigned long divides(unsigned long a, unsigned int b, int c)
{
	unsigned long q = a / b;
	int m = c % 7;
	long half = c / 2;

	KEEP(q);	/* @ a; b; c; q; m; half */
	q += a % b;
	KEEP(q);	/* @ a; b; c; q; m; half */
	return q + m + half;
}

OPAQUE int minimum(int a, int b)
{
	int low = a < b ? a : b;
	int high = a > b ? a : b;
	int sign = a < 0 ? -1 : a > 0;
	bool odd = a & 1;

	KEEP(low);	/* @ a; b; low; high; sign; odd */
	return low * 3 + high + sign + odd;
}

/* ---- calls ---- */

OPAQUE long leaf(long a, long b)
{
	sink = a - b;	/* @ a; b */
	return a * b;
}

OPAQUE long tail_call(long a, long b)
{
	long c = a + b;

	sink = c;	/* @ a; b; c */
	return leaf(c, b);
}

OPAQUE long recursive(int n, struct two *out)
{
	struct two mine = { n, n * n };
	long r;

	if (n <= 0)
		return out->x;	/* @ n; out->x; out->y */
	r = recursive(n - 1, &mine);	/* @ n; mine.x; mine.y; out->x */
	KEEP(r);	/* @ n; r; mine.x; mine.y */
	return r + mine.y;
}

/* Parameters that are dead after the first lines: entry values. */
OPAQUE long dies_early(long a, long b, long c)
{
	long r = other_call(a);	/* @ a; b; c */

	r += other_call(r + c);	/* @ a; b; c; r */
	other_call(r);	/* @ a; b; c; r; other_global; other_tls */
	KEEP(r);	/* @ a; b; c; r */
	return r;
}

static long entry_of(long a, int b)
{
	other_call(1);	/* @ a; b */
	other_call(2);	/* @ a; b; global_int */
	return sink;
}

OPAQUE long calls_entry_of(long n)
{
	long r = entry_of(1234, 56);

	r += entry_of(n, 8);	/* @ r; n */
	return r;
}

OPAQUE long many(long a, long b, long c, long d, long e, long f, long g,
		 int h, struct big i)
{
	long r = a + b * c - d + e * f + g * h + i.v[1];
	/* @ a; b; c; d; e; f; g; h; i.v[0]; i.v[5] */

	r = other_call(r);	/* @ r; a; g; h; i.v[1] */
	KEEP(r);	/* @ r; a; b; c; d; e; f; g; h; i.v[2] */
	return r;
}

/* ---- globals ---- */

OPAQUE long globals(int n)
{
	file_static += n;
	tls_static -= n;
	KEEP(n);
	/* @ n; file_static; same_name; global_int; global_long; global_double;
	 * global_float; greeting; greeting[1]; tls_static; tls_pair.first;
	 * tls_pair.second; list->name; list->next->number; global_bits.a;
	 * global_bits.b; global_bits.c; global_bits.d; global_bits.e;
	 * global_bits.f; global_bits.g; nameless.x; nameless.l;
	 * nameless.half[1]; &global_int; &matrix[1] */
	KEEP(n);
	/* @ other_global; other_array[1]; other_array; other_pair.second;
	 * other_tls; 'other.c'::secret; 'other.c'::same_name; global_bits$;
	 * nameless$; tls_pair$; other_pair$ */
	return file_static + same_name + matrix[n & 1][1] + global_bits.c +
	       other_array[2] + tls_pair.first;
}

OPAQUE long pointers(void *v, strange_t *strange, binary_t call,
		     const struct node *const *nodes, int (*fn)(int, int))
{
	long r = call(3, 4);
	/* @ v; *strange; strange; call; nodes; nodes[0]->name;
	 * nodes[1]->number; (*nodes)->colour; fn */

	r += fn(1, 2) + *strange;	/* @ r; v; nodes[0]->next->name */
	KEEP(r);	/* @ r; v; nodes[1]->text[0]; nodes[0]->bits.c */
	return r + (v != NULL);
}

int main(int argc, char **argv)
{
	static struct node second = {
		.name = "second", .number = -2, .colour = BLUE,
		.bits = { 2, 120, -15, -549755813888, 0, GREEN, 100 },
		.text = "text two", .call = leaf,
		.deep = { { { 1, 2 }, { 3, 4 } }, { { 5, 6 }, { 7, 8 } } },
	};
	static struct node first = {
		.next = &second, .name = "first", .number = 0x10002,
		.colour = GREEN, .bits = { 7, 1, 15, 549755813887, 1, RED, -1 },
		.text = "text one",
		.deep = { { { -1, -2 }, { -3, -4 } },
			  { { 9, 10 }, { 11, 12 } } },
	};
	const struct node *nodes[2] = { &first, &second };
	char text[] = "xyz";
	float reals[3] = { 1.5f, -0.25f, 1e10f };
	int v[5] = { 3, -1, 4, 1, -5 };
	long longs[4] = { -1, 2, -3, 4 };
	struct big big = { { 1, -2, 3, -4, 5, -6 } };
	small_t small = 200;
	struct two two;
	struct mixed mixed;
	long r = argc;
	/* @ argc; argv[1]; *argv[1]; argv[1][1]; small; two.x */

	list = &first;
	r += scalars(-128, 200, -30000, 60000, -2000000000, 4000000000u,
		     -5000000000, 0xffffffffffffff00, true, BLUE, HIGH, text);
	r += scalars(1, 2, 3, 4, 5, 6, 7, 8, false, GREEN, LOW, text);
	r += (long)floats(1.25f, -3.5, reals, 2);
	r += (long)long_doubles(1.5L, 7);
	r += by_pointer(&first, 1);
	r += by_value((struct pair){ 1, -2 }, (struct two){ 3, 4 },
		      (struct mixed){ 5, 6.5f, 7.25 },
		      (struct tiny){ 'c', -8 }, big);
	two = return_two(r);
	mixed = return_mixed(argc + 8);	/* @ r; two.x; two.y; argc */
	r += two.x + mixed.i;
	/* @ r; two.x; mixed.i; mixed.f; mixed.d; v[4]; longs[1]; big.v[5];
	 * text[1]; text$ */
	r += scalar_replaced(argc + 5, 6);
	r += implicit_pointers(argc + 8);
	r += constants(argc + 2);
	r += arrays(4, matrix, longs);
	r += shadows(argc) + shadows(9);
	r += inlines(&first, argc + 4);
	r += calls_partial(argc);
	r += unrolled(v, 5);
	r += (long)divides(1000003, 17, -23);
	r += minimum(argc + 2, -6) + minimum(-1, argc);
	r += tail_call(argc, 5);
	two.x = 99;
	r += recursive(3, &two);
	r += dies_early(argc, 22, 33);
	r += calls_entry_of(argc + 40);
	r += many(argc, 2, 3, 4, 5, 6, 7, 8, big);
	r += globals(argc);
	r += pointers(&r, &small, leaf, nodes, minimum);
	printf("%ld\n", r);	/* @ r; argc; small; two.x; file_static */
	return 0;
}
