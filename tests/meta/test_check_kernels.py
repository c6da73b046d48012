#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What tools/check-kernels makes of guests that die, hang and fail: with a
guest of ours, which does what its kernel's name says."""
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
FETCH = """#!/bin/sh
echo fetch >>$0.log
[ $(wc -l <$0.log) -ge 2 ] || exit 1
for k in good dies-once dies hangs fails; do echo $k $k-1 $(dirname $0)/$k; done
"""
GUEST = """#!/bin/sh
for a; do case $a in --) break ;; */*) kernel=$(basename $a) ;; esac; done
echo "features FENTRY,RINGBUF"
echo x >>$0.$kernel
case $kernel in
dies) exit 125 ;;
dies-once) [ $(wc -l <$0.$kernel) -ge 2 ] || exit 125 ;;
hangs)
	case "$*" in *"-x kernel/entry.out"*) ;; *)
		echo "at   kernel/condition.out"; echo "at   kernel/entry.out"
		echo "ok   kernel/condition.out (1.0 s)"; exit 124 ;;
	esac ;;
fails) echo "FAIL kernel/forms.out (1.0 s)"; echo "     a reason"; exit 1 ;;
esac
echo "ok   kernel/function.out (1.0 s)"
echo "skip kernel/wildcard.out: no FENTRY"
"""


def load():
    path = os.path.join(TOP, "tools/check-kernels")
    loader = importlib.machinery.SourceFileLoader("check_kernels", path)
    spec = importlib.util.spec_from_loader("check_kernels", loader)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def main():
    """As a program of its own, with the tools of another directory."""
    if len(sys.argv) > 1:
        module = load()
        tools = sys.argv.pop(1)
        module.tool = lambda name: os.path.join(tools, name)
        module.make_portable = lambda o: None
        module.time.sleep = lambda seconds: None
        return module.main()
    with tempfile.TemporaryDirectory() as tools:
        for name, text in (("fetch-kernels", FETCH),
                           ("run-in-kernel", GUEST)):
            with open(os.path.join(tools, name), "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(f.name, 0o755)
        got = subprocess.run([sys.executable, __file__, tools, "-k", "kernel/",
                              "--jobs", "1"], capture_output=True, text=True)
    wanted = ["the kernels cannot be had (status 1), once more",
              "dies-once: the guest died before its first test: once more",
              "dies: FAIL the kernel itself (status 125), at: kernel/; after: "
              "nothing",
              "hangs: FAIL the kernel itself (status 124), at: "
              "kernel/entry.out; after: ok   kernel/condition.out (1.0 s)",
              "fails:      a reason",
              "| tests passed | 1 | 1 | 0 | 2 | 0 |",
              "| `tests/kernel` | 1 | 1 | 0 | 2 | 0 |",
              "(`FENTRY`) | yes (1) | yes (1) | yes | yes (2) | yes |",
              "| kernel.function | trampoline |",
              "\n4 passed, 3 failed, 3 skipped\n"]
    missing = [w for w in wanted if w not in got.stdout]
    if missing or got.returncode != 1:
        print(f"status {got.returncode}, without {missing}\n{got.stdout}"
              f"{got.stderr}")
        return 1
    return 0


sys.exit(main())
