#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrays with tid() as their key mean the same kept with the task and in a
hash: threads that make calls at the same time see their own elements only."""
import os
import subprocess
import sys

CALLS, THREADS = 500, 4
SCRIPT = """
global t, hits, bad
probe syscall.sched_get_priority_max {
	if (pid() != target()) next
	if (tid() in t) bad++
	t[tid()] += 5
	t[tid()] = t[tid()] + 1
}
probe syscall.sched_get_priority_max.return {
	if (pid() != target()) next
	if (!(tid() in t) || t[tid()] != 6) bad++
	delete t[tid()]
	if (tid() in t || t[tid()]) bad++
	hits++
}
probe end { printf("%d hits, %d bad\\n", hits, bad) }
"""
WORK = f"""
import os, threading
def calls():
    for _ in range({CALLS}):
        os.sched_get_priority_max(1)
threads = [threading.Thread(target=calls) for _ in range({THREADS})]
for t in threads:
    t.start()
for t in threads:
    t.join()
"""
# Where the kernel would allocate in an NMI there is a hash.
KINDS = {"sys_enter": "task", "nmi:nmi_handler": "hash"}
WANT = f"{CALLS * THREADS} hits, 0 bad"


def main():
    if os.geteuid():
        print("not root")
        sys.exit(77)
    spile = os.environ.get("SPILE", "spile")
    here = subprocess.run([spile, "--dump-features"], capture_output=True,
                          text=True).stdout.strip().split(",")
    without = ",".join(f for f in here if f != "TASK_STORAGE")
    bad = 0
    for point, kind in KINDS.items():
        said = subprocess.run([spile, "-p3", "--dump=image", "-e",
                               "global a probe kernel.trace(\"" + point +
                               "\") { if (a[tid()] == 7) exit() a[tid()] = 5 }"],
                              capture_output=True, text=True).stdout
        if f'{kind} "a" ' not in said and "TASK_STORAGE" in here:
            print(f"{point}: no {kind}")
            bad = 1
    for features in ("native", without):
        r = subprocess.run([spile, "--features=" + features, "-e", SCRIPT,
                            "-c", f"exec {sys.executable} -S -c '{WORK}'"],
                           capture_output=True, text=True)
        if r.returncode or r.stdout.strip() != WANT:
            print(f"{features}: {r.stdout}{r.stderr}")
            bad = 1
    sys.exit(bad)


main()
