#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Probes of a system call are not hit by INT 0x80 of a 64-bit task, where the
same number is another call."""
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile

SOURCE = r"""
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 100; i++) {
		long nr = SYS_faccessat;

		__asm__ volatile("int $0x80" : "+a"(nr)
				 : "b"(0), "c"(0), "d"(i) : "memory",
				   "r8", "r9", "r10", "r11");
		syscall(SYS_faccessat, AT_FDCWD, "", 1000 + i, 0);
	}
	return 0;
}
"""
SCRIPT = """
global right, wrong, other, out
probe syscall.faccessat {
	if (pid() != target()) next
	if (!$filename) wrong++
	else if (mode >= 1000 && mode < 1100) right++
	else other++
}
probe syscall.faccessat.return { if (pid() == target()) out++ }
probe end {
	printf("%d right, %d wrong, %s\\n", right, wrong,
	       out == right + other ? "all return" : "some do not return")
}
"""


def main():
    cc = shutil.which("cc")
    if os.geteuid() or platform.machine() != "x86_64" or not cc:
        print("not root, not x86_64, or no compiler")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        source, program = work + "/calls.c", work + "/calls"
        with open(source, "w") as f:
            f.write(SOURCE)
        subprocess.run([cc, "-O1", source, "-o", program], check=True)
        if subprocess.run([program]).returncode == -signal.SIGSEGV:
            print("this kernel has no INT 0x80")
            sys.exit(77)
        bad = 0
        spile = os.environ.get("SPILE", "spile")
        for features in ("native", "portable"):
            r = subprocess.run([spile, "--features=" + features, "-e", SCRIPT,
                                "-c", "exec " + program],
                               capture_output=True, text=True)
            if r.stdout.strip() != "100 right, 0 wrong, all return":
                print(f"{features}: {r.stdout}{r.stderr}")
                bad = 1
    sys.exit(bad)


main()
