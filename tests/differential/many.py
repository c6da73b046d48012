#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many random scripts on one kernel, here or in a guest.

    many.py [--count N] [--first SEED] [--features LIST] [--steps WHAT]
            [--keep DIR]
            [--batch N] [--guest COMMAND]

The scripts are compiled here, for the features that the kernel says it has
(or LIST), and only loaded and run there: COMMAND is what runs a command in
the guest with {dir} writable, as in

    many.py --guest './in-guest 5.10 --rw {dir} --'

Each script prints once in the host engine and once in the kernel; both must
be what generate.py says.  A script that the kernel refuses is a failure.
"""
import argparse
import multiprocessing
import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import generate  # noqa: E402

SPILE = os.path.abspath(os.environ.get("SPILE", "spile"))
LOOP = """cd {dir} || exit 1
for i in {seeds}
do
\t[ -f $i.img ] && timeout -s KILL 180 {spile} -w $i.img >$i.out 2>$i.err
\techo $? >$i.status
done
"""


def in_guest(args, directory, command):
    words = shlex.split(args.guest.format(dir=directory)) + command
    return subprocess.run(words, capture_output=True, text=True,
                          errors="replace")


def features_of(args, directory):
    if args.features:
        return args.features
    done = in_guest(args, directory, [SPILE, "--dump-features"])
    if done.returncode:
        sys.exit("asking for features: " + done.stdout + done.stderr)
    return done.stdout.strip().splitlines()[-1]


def is_plain(features):
    return not {"FOR_EACH", "PERCPU_LOOKUP"} <= set(features.split(","))


def make(job):
    seed, directory, features, steps = job
    path = os.path.join(directory, str(seed))
    text, lines = generate.make(seed, is_plain(features))
    with open(path + ".stp", "w") as f:
        f.write(text)
    with open(path + ".want", "w") as f:
        for half in ("-- host", "-- kernel"):
            f.write("\n".join([half] + lines) + "\n")
    done = subprocess.run([SPILE, "-w", "-p4", "--no-global-var-display",
                           "--features=" + features, *steps,
                           "-o", path + ".img", path + ".stp"],
                          capture_output=True, text=True, errors="replace",
                          timeout=120)
    return done.returncode, seed, done.stderr


def read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def first_difference(want, got):
    want, got = want.splitlines(), got.splitlines()
    for n, (a, b) in enumerate(zip(want, got)):
        if a != b:
            return "line %d: wanted %r, got %r" % (n + 1, a, b)
    return "wanted %d lines, got %d" % (len(want), len(got))


def check(seed, directory):
    path = os.path.join(directory, str(seed))
    status = read(path + ".status").strip()
    got, want = read(path + ".out"), read(path + ".want")
    if status == "0" and got == want:
        return True
    print("seed %d: status %s, %s\n%s" % (
        seed, status or "none", first_difference(want, got),
        read(path + ".err")[-1500:]))
    return False


def run_all(args, seeds, directory):
    """A guest that ends before its time, as on a busy machine, is followed by
    one for the rest; but not if it came to nothing."""
    run = os.path.join(directory, "run")
    left = seeds
    while left:
        with open(run, "w") as f:
            f.write(LOOP.format(dir=shlex.quote(directory), spile=SPILE,
                                seeds=" ".join(str(s) for s in left)))
        done = in_guest(args, directory, ["sh", run])
        before, left = left, [s for s in left if not read(
            os.path.join(directory, "%d.status" % s))]
        if done.returncode:
            print("the guest: status %d, %d of %d done\n%s%s" % (
                done.returncode, len(before) - len(left), len(before),
                done.stdout[-2000:], done.stderr[-2000:]))
        if len(left) == len(before):
            return


def batch(args, seeds, directory, features, pool):
    """The seeds of this batch that failed."""
    bad = set()
    steps = ["--steps=" + args.steps] if args.steps else []
    for code, seed, err in pool.imap_unordered(
            make, [(s, directory, features, steps) for s in seeds]):
        if code:
            print("seed %d: does not compile:\n%s" % (seed, err))
            bad.add(seed)
    run_all(args, seeds, directory)
    for seed in seeds:
        if seed not in bad and not check(seed, directory):
            bad.add(seed)
    sys.stdout.flush()
    return bad


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--count", type=int, default=50)
    p.add_argument("--first", type=int, default=1)
    p.add_argument("--features", default="")
    p.add_argument("--steps", default="")
    p.add_argument("--guest", default="")
    p.add_argument("--keep", default="")
    p.add_argument("--batch", type=int, default=20)
    return p.parse_args()


def run(args, directory):
    features = features_of(args, directory)
    bad = set()
    print("features:", features)
    sys.stdout.flush()
    end = args.first + args.count
    with multiprocessing.Pool(2) as pool:
        for first in range(args.first, end, args.batch):
            seeds = list(range(first, min(end, first + args.batch)))
            bad |= batch(args, seeds, directory, features, pool)
    print("%d of %d agree" % (args.count - len(bad), args.count))
    if bad:
        print("failed:", *sorted(bad))
    return 1 if bad else 0


def main():
    args = options()
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
        return run(args, os.path.abspath(args.keep))
    with tempfile.TemporaryDirectory() as directory:
        return run(args, directory)


if __name__ == "__main__":
    sys.exit(main())
