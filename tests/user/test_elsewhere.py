#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root
#! timeout: 120
"""Variables of other files than the one that is probed, and those of each
thread in libraries: linked, loaded later, not loaded yet, not touched yet."""
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
DIRECTORY = os.path.join(os.environ["BUILD"], "tests/user")
LIBRARY = os.path.join(DIRECTORY, "libuser-tls.so")
DESCRIBED = os.path.join(DIRECTORY, "libuser-tls-described.so")
UNMAPPED = "the process has not loaded the file of the variable"
NO_BLOCK = "the thread has no memory of the variable's library yet"


def fail(what, *output):
    print(what, *output, sep="\n")
    sys.exit(1)


def spile(script, command):
    r = subprocess.run([SPILE, "-c", command, "-e", script], text=True,
                       capture_output=True, timeout=60 * SLOW, check=False)
    if "before Linux 6.7" in r.stderr:
        sys.exit(77)
    if r.returncode:
        fail("spile fails", script, r.stdout, r.stderr)
    return r.stdout.splitlines()


def libc():
    out = subprocess.run(["ldd", os.path.join(DIRECTORY, "user-tls-linked")],
                         capture_output=True, text=True, check=True).stdout
    return os.path.realpath(re.search(r"libc\.so\.6 => (\S+)", out)[1])


def tried(*variables):
    """Each, or why not."""
    return "\n".join(
        f'try {{ printf(" %d", @var("{name}", "{path}"){member}) }} '
        'catch (m) { printf(" [%s]", m) }'
        for name, path, member in variables)


def run(program, want_steps, want_work, library=LIBRARY):
    path = os.path.join(DIRECTORY, program)
    got = spile(f"""
probe process("{path}").function("step") {{
    printf("step %d %d %d", $k, @var("mine@tls-main.c"), $steps)
    {tried(("errno", libc(), ""), ("counter@tls.c", library, ""),
           ("lib_pair", library, "->b"), ("per_thread", library, ""),
           ("shown@tls.c", library, ""))}
    println("")
}}
probe process("{path}").library("{library}").statement("lib_work@tls.c:23") {{
    printf("work %d %d %d %d", $n, @var("per_thread@tls.c"), @var("shown"),
           $counter)
    {tried(("mine", path, ""), ("steps@tls-main.c", path, ""))}
    println("")
}}""", f"{path} {library}")
    steps = [line for line in got if line.startswith("step")]
    work = [line for line in got if line.startswith("work")]
    if steps != want_steps or work != want_work:
        fail(program, *got, "wanted", *want_steps, *want_work)


def overlaid():
    """What is mapped of an overlay is another file than who opens it sees."""
    with tempfile.TemporaryDirectory() as top:
        low, high, merged = (os.path.join(top, n) for n in ("l", "h", "m"))
        for d in (low, high, merged):
            os.mkdir(d)
        for name in ("libuser-tls.so", "user-tls-loaded"):
            shutil.copy(os.path.join(DIRECTORY, name), low)
        if subprocess.run(["mount", "-t", "tmpfs", "none", high],
                          capture_output=True, check=False).returncode:
            return
        try:
            for d in ("u", "w"):
                os.mkdir(os.path.join(high, d))
            if subprocess.run(
                    ["mount", "-t", "overlay", "overlay", "-o",
                     f"lowerdir={low},upperdir={high}/u,workdir={high}/w",
                     merged], capture_output=True, check=False).returncode:
                return
            try:
                got = spile(f"""
probe process("{merged}/user-tls-loaded").function("step") {{
    if ($k == 2)
        println(@var("counter@tls.c", "{merged}/libuser-tls.so"))
}}""", f"{merged}/user-tls-loaded {merged}/libuser-tls.so")
            finally:
                subprocess.run(["umount", merged], check=False)
        finally:
            subprocess.run(["umount", high], check=False)
    if got != ["42"]:
        fail("overlay", *got)


def main():
    if platform.machine() != "x86_64":
        sys.exit(77)
    work = ["work 1 6 8 43 12 2", "work 1000 1005 2006 44 19 4"]
    linked = [
        "step 1 9 0 0 42 4 5 6",
        "step 2 10 1 1 42 4 5 6",
        "step 3 12 2 101 43 4 6 8",
        "step 10 9 3 0 43 4 5 6",
        "step 20 19 4 1100 44 4 1005 2006"]
    loaded = [
        "step 1 9 0 0" + f" [{UNMAPPED}]" * 4,
        "step 2 10 1 1 42 4" + f" [{NO_BLOCK}]" * 2,
        "step 3 12 2 101 43 4 6 8",
        "step 10 9 3 0 43 4" + f" [{NO_BLOCK}]" * 2,
        "step 20 19 4 1100 44 4 1005 2006"]
    run("user-tls-linked", linked, work)
    run("user-tls-loaded", loaded, work)
    if os.path.exists(DESCRIBED):		# not every compiler has that
        run("user-tls-linked-described", linked, work, DESCRIBED)
        run("user-tls-loaded", loaded, work, DESCRIBED)
    overlaid()
    # of whom does not run the program, there is none
    path = os.path.join(DIRECTORY, "user-tls-linked")
    got = spile(f"""
probe process("{os.path.join(DIRECTORY, "user-tls-loaded")}").function("step") {{
    if ($k == 1) {{ {tried(("mine", path, ""), ("steps", path, ""))} }}
}}""", os.path.join(DIRECTORY, "user-tls-loaded") + " " + LIBRARY)
    if got != [f" [{UNMAPPED}]" * 2]:
        fail("another program", *got)


main()
