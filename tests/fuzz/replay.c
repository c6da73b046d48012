/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target on the files named: the corpus, as a test, with any
 * compiler.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX (1 << 20)

int main(int argc, char **argv)
{
	uint8_t *data = malloc(MAX);

	if (!data)
		return 1;
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		size_t n;

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		n = fread(data, 1, MAX, f);
		fclose(f);
		LLVMFuzzerTestOneInput(data, n);
	}
	free(data);
	return 0;
}
