/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs of the truth table share.  Nothing is known of OPAQUE
 * functions to who calls them; what KEEP is given is needed, and no more.
 */
#ifndef TRUTH_HARD_H
#define TRUTH_HARD_H

#ifdef __clang__
#define OPAQUE __attribute__((noinline))
#else
#define OPAQUE __attribute__((noipa, noinline))
#endif
#define INLINE static inline __attribute__((always_inline))
#define KEEP(x) __asm__ volatile("" : : "r,m"(x) : "memory")

struct pair {
	int first;
	long second;
};

extern int other_global;
extern long other_array[3];
extern struct pair other_pair;
extern __thread long other_tls;

#ifdef __cplusplus
extern "C" {
#endif
long other_call(long n);
void other_fill(int *v, int n);
#ifdef __cplusplus
}
#endif

#endif
