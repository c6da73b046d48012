#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The runner itself: what is wrong must fail, what hangs must end."""
import os
import re
import subprocess
import sys
import tempfile

RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run")

# Stands for spile: does what the line "#do" of the script says.
FAKE = """#!/bin/sh
for last; do :; done
eval "$(sed -n 's/^#do //p' "$last")"
"""


def run_tests(files, *options):
    with tempfile.TemporaryDirectory() as top:
        tests = os.path.join(top, "tests")
        os.mkdir(tests)
        for name, text in files.items():
            with open(os.path.join(tests, name), "w") as f:
                f.write(text)
            os.chmod(os.path.join(tests, name), 0o755)
        spile = os.path.join(top, "spile")
        with open(spile, "w") as f:
            f.write(FAKE)
        os.chmod(spile, 0o755)
        r = subprocess.run([sys.executable, RUNNER, "--spile", spile,
                            "--tests", tests, *options],
                           capture_output=True, text=True, timeout=60)
        left = {n: open(os.path.join(tests, n)).read() for n in files}
    return r.returncode, r.stdout, left


def expect(what, files, status, line, *options):
    got, out, left = run_tests(files, *options)
    if got != status or out.splitlines()[-1] != line:
        sys.exit(f"{what}: exit {got}, not {status}; not '{line}' in\n{out}")
    return out, left


GOOD = {"a.stp": "#do echo hi\n", "a.out": "hi\n"}

expect("a right golden", GOOD, 0, "1 passed, 0 failed, 0 skipped")
out, _ = expect("a wrong golden", dict(GOOD, **{"a.out": "ho\n"}), 1,
                "0 passed, 1 failed, 0 skipped")
assert "-ho" in out and "+hi" in out, out
_, left = expect("--update", dict(GOOD, **{"a.out": "ho\n"}), 0,
                 "1 passed, 0 failed, 0 skipped", "--update")
assert left["a.out"] == "hi\n", left
expect("a wrong status", {"a.stp": "#do echo hi; exit 1\n", "a.out": "hi\n"},
       1, "0 passed, 1 failed, 0 skipped")
expect("a status that is wanted",
       {"a.stp": "#! exit: 3\n#do exit 3\n", "a.out": ""}, 0,
       "1 passed, 0 failed, 0 skipped")
expect("one that dies", {"a.stp": "#do kill -SEGV $$\n", "a.out": ""}, 1,
       "0 passed, 1 failed, 0 skipped")
out, _ = expect("one that hangs",
                {"a.stp": "#! timeout: 1\n#do echo hi; sleep 99\n",
                 "a.out": "hi\n"}, 1, "0 passed, 1 failed, 0 skipped")
assert "killed" in out and "hi" in out, out
expect("regular expressions",
       {"a.stp": "#! match:\n#do echo pid 12; echo x\n",
        "a.out": "pid \\d+\n.\n"}, 0, "1 passed, 0 failed, 0 skipped")
expect("too many lines for the expressions",
       {"a.stp": "#! match:\n#do echo pid 12; echo x\n",
        "a.out": "pid \\d+\n"}, 1, "0 passed, 1 failed, 0 skipped")
expect("a filter",
       {"a.stp": "#! filter: /[0-9]+/N/\n#do echo pid 12\n",
        "a.out": "pid N\n"}, 0, "1 passed, 0 failed, 0 skipped")
expect("a program that is not there",
       {"a.stp": "#! needs: no-such-program\n#do true\n", "a.out": ""}, 0,
       "0 passed, 0 failed, 1 skipped")
expect("programs",
       {"a.test": "#!/bin/sh\nexit 0\n", "b.test": "#!/bin/sh\nexit 77\n",
        "c.test": "#!/bin/sh\nexit 1\n",
        "test_d.py": "import sys\nsys.exit(0)\n"}, 1,
       "2 passed, 1 failed, 1 skipped")
expect("no test at all", {"a.txt": ""}, 1, "0 passed, 0 failed, 0 skipped")
expect("a code that is not reported",
       {"E0101.x.stp": "#! world: none\n#do echo no >&2; exit 1\n",
        "E0101.x.err": "no\n"}, 1, "0 passed, 1 failed, 0 skipped")
out, _ = expect("-k", dict(GOOD, **{"b.stp": "#do true\n", "b.out": "x"}), 0,
                "1 passed, 0 failed, 0 skipped", "-k", "a.out", "-v")
assert re.search(r"^ok +.*a\.out \(", out, re.M), out
