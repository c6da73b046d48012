#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf modprobe ip
#! serial: yes
"""Functions of a module that comes, goes, and comes again while the script
runs: each call after that is counted, and the script holds nobody up."""
import os
import subprocess
import sys

SCRIPT = """
global calls, returns, symbol, all
probe module("dummy").function("dummy_dev_init") {
    calls++
    name = kernel_string(@cast(pointer_arg(1), "net_device")->name)
    printf("%s %s\\n", ppfunc(), name)
}
probe module("dummy").function("dummy_dev_init").return {
    returns++
    if (returnval()) printf("failed\\n")
}
probe kprobe.module("dummy").function("dummy_dev_init") { symbol++ }
probe module("dummy").function("dummy_dev_*") { all[ppfunc()]++ }
probe end {
    printf("%d calls, %d returns, %d by the symbol, %d of all\\n", calls,
           returns, symbol, all["dummy_dev_init"])
    delete all
}
"""
ROUND = """
modprobe dummy numdummies=0 || echo "no module"
sleep 0.7
ip link add %s type dummy || echo "no device"
ip link del %s
rmmod dummy || echo "rmmod failed"
sleep 0.3
"""
COMMAND = "".join(ROUND % (n, n) for n in ("first", "second", "third"))
WANTED = """dummy_dev_init first
dummy_dev_init second
dummy_dev_init third
3 calls, 3 returns, 3 by the symbol, 3 of all
"""


def main():
    if subprocess.run(["modprobe", "-n", "dummy"],
                      capture_output=True).returncode:
        print("the module 'dummy' is not to be had")
        return 77
    subprocess.run(["rmmod", "dummy"], capture_output=True)
    done = subprocess.run(
        [os.environ["SPILE"], "-e", SCRIPT, "-c", COMMAND],
        capture_output=True, text=True, timeout=300)
    if done.stdout != WANTED or done.returncode:
        print(f"status {done.returncode}\nwanted {WANTED}got {done.stdout}"
              f"{done.stderr}")
        return 1
    return 0


sys.exit(main())
