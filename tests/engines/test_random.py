#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts print the same in the host engine and in kernel code, and
what generate.py says.

    test_random.py [FIRST [COUNT]]	otherwise a few seeds, the same always
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate  # noqa: E402

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
STEPS = 300		# more would come near MAXACTION


def run(script):
    r = subprocess.run([SPILE, "-w", "--no-global-var-display", "-e", script],
                       capture_output=True, timeout=60 * SLOW)
    return (r.returncode, r.stdout.decode("latin-1"),
            r.stderr.decode("latin-1"))


def first_difference(wanted, got):
    wanted, got = wanted.splitlines(), got.splitlines()
    for n, (a, b) in enumerate(zip(wanted, got)):
        if a != b:
            return f"line {n + 1}: expected {a!r}, saw {b!r}"
    return f"{len(wanted)} lines expected, {len(got)} came"


def check(seed, engine, script, wanted):
    status, out, err = run(script)
    if status == 0 and out == wanted and not err:
        return 0
    if engine == "kernel" and status == 1 and "[E0222]" in err:
        return 0  # an old kernel's handlers cannot, and that is said
    print(f"seed {seed} in the {engine}: exit status {status}, "
          + first_difference(wanted, out))
    print("\n".join(err.splitlines()[:12]))
    return 1


def main():
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    bad = 0
    for seed in range(first, first + count):
        head, body, wanted, steps = generate.make(seed)
        if steps > STEPS:
            continue
        bad += check(seed, "host", generate.host(head, body), wanted)
        if os.geteuid() == 0 and "HOST_ONLY" not in os.environ:
            bad += check(seed, "kernel", generate.kernel(head, body), wanted)
    return 1 if bad else 0


sys.exit(main())
