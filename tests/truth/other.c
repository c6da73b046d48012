/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Globals, statics and thread-local variables of another file. */
#include "hard.h"

int other_global = 41;
long other_array[3] = { 100, -200, 300 };
struct pair other_pair = { -7, 70000000000 };
__thread long other_tls = 5;
static long secret = 17;	/* of this file */
static short same_name = 2;	/* hard.c has one, too */

OPAQUE long other_call(long n)
{
	secret += n;
	other_tls++;
	KEEP(n);	/* @ n; secret; same_name; other_tls; other_global */
	return secret + same_name;
}

OPAQUE void other_fill(int *v, int n)
{
	for (int i = 0; i < n; i++) {
		v[i] = i * i - 3;
		KEEP(v[i]);	/* @ i; n; v[0]; v[i] */
	}
	same_name++;
}
