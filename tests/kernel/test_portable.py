#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf FENTRY
"""Images that tools/check-kernels made on another kernel read the same values
here.  What does not fit is compiled again from what the image carries, with
other words for how it is run."""
import os
import subprocess
import sys

BUILD = os.environ["BUILD"]
WORKLOAD = os.path.join(BUILD, "tests/kernel/kernel-workload")
# image, command, output
IMAGES = [
    ("portable.img", WORKLOAD,
     "3 kernel-workload, kernel-workload 1 1 0, 2\n"),
    ("choice.img", "sleep 0.3", "slept: 1\n"),
    ("places.img", "sleep 0.3", "1 1 1\n"),
]
AGAIN = "The script is compiled again for this kernel"


def main():
    for name, command, wanted in IMAGES:
        image = os.path.join(BUILD, name)
        if not os.path.exists(image):
            print("tools/check-kernels makes the images")
            return 77
        done = subprocess.run([os.environ["SPILE"], "-v", image, "-c",
                               command],
                              capture_output=True, text=True, timeout=200)
        differs = name == "choice.img" and os.uname().release < "5.14"
        # Where members are in structs is another thing on each kernel.
        if (done.stdout != wanted or done.returncode or
                (name != "places.img" and
                 (AGAIN in done.stderr) != differs)):
            print(f"{name}: status {done.returncode}\nwanted {wanted}"
                  f"got {done.stdout}{done.stderr}")
            return 1
    return 0


sys.exit(main())
