#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root gcc unshare
#! timeout: 60
"""Processes whose program is not where its path leads here: in mounts of their
own, or replaced since.  By number, by -x, and by a path below /proc/PID/root."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

SLOW = float(os.environ.get("LIVE_SLOW", "1"))

SOURCE = r"""
#include <unistd.h>
__attribute__((noinline)) int step(int n, const char *text)
{
	__asm__ volatile("" :: "r"(n), "r"(text), "r"(*text));
	return n + 1;
}
int main(void)
{
	const char *text = "here";

	/* Older kernels do not wait for a page that nobody has read yet. */
	for (int i = *(const volatile char *)text; ; i++) {
		step(i, text);
		usleep(5000);
	}
}
"""
NAMES = """mount --make-rprivate / && mount -t tmpfs none {0} &&
cp {1} {0}/inner && exec {0}/inner"""
CAN_UNWIND = "BPF_LOOP" in subprocess.run(
    [os.environ["SPILE"], "--dump-features"], capture_output=True, text=True,
    check=False).stdout
bad = []


def spile(what, want, *args):
    r = subprocess.run([os.environ["SPILE"], *args], capture_output=True,
                       text=True, timeout=20 * SLOW)
    if want not in r.stdout:
        bad.append(f"{what}: {r.stdout}{r.stderr}")


def started(argv, exe):
    """Its process, once it runs the program."""
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    for _ in range(200):
        if os.path.basename(os.readlink(f"/proc/{p.pid}/exe")) == exe:
            return p
        time.sleep(0.02)
    raise RuntimeError("it does not start")


def ask(what, pid):
    body = '{ printf("%s %d\\n", user_string($text), $n >= 0); exit() }'
    spile(f"{what}, number", "here 1", "-e",
          f'probe process({pid}).function("step") {body}')
    spile(f"{what}, -x", "here 1", "-x", str(pid), "-e",
          f'probe process.function("step") {body}')
    spile(f"{what}, return", "1", "-x", str(pid), "-e",
          'probe process.function("step").return '
          "{ println($return - @entry($n)); exit() }")
    spile(f"{what}, library", "5000", "-x", str(pid), "-e",
          'probe process.library("libc.so.6").function("usleep") '
          "{ println(int_arg(1)); exit() }")
    spile(f"{what}, stack", "main+" if CAN_UNWIND else "step+", "-x", str(pid),
          "-e", 'probe process.function("step") { print_ubacktrace(); exit() }')


def main():
    with tempfile.TemporaryDirectory() as d:
        program = d + "/outer"
        subprocess.run(["gcc", "-g", "-O1", "-x", "c", "-", "-o", program],
                       input=SOURCE, text=True, check=True)
        os.mkdir(d + "/mount")
        p = started(["unshare", "-m", "sh", "-c",
                     NAMES.format(d + "/mount", program)], "inner")
        ask("mounts", p.pid)
        spile("mounts, path", "here", "-e",
              f'probe process("/proc/{p.pid}/root{d}/mount/inner")'
              '.function("step") { println(user_string($text)); exit() }')
        p.kill()
        p.wait()
        p = started([program], "outer")
        shutil.copy("/bin/true", d + "/other")
        os.rename(d + "/other", program)
        ask("replaced", p.pid)
        p.kill()
        p.wait()
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
