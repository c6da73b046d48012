#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf FENTRY
"""An image that tools/check-kernels made on another kernel reads the same
values here."""
import os
import subprocess
import sys

BUILD = os.environ["BUILD"]
IMAGE = os.path.join(BUILD, "portable.img")
WANTED = "3 kernel-workload, kernel-workload 1 1 0, 2\n"

if not os.path.exists(IMAGE):
    print("tools/check-kernels makes the image")
    sys.exit(77)
done = subprocess.run(
    [os.environ["SPILE"], IMAGE, "-c",
     os.path.join(BUILD, "tests/kernel/kernel-workload")],
    capture_output=True, text=True, timeout=200)
if done.stdout != WANTED or done.returncode:
    print(f"status {done.returncode}\nwanted {WANTED}got {done.stdout}"
          f"{done.stderr}")
    sys.exit(1)
