#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The man page has every option of --help and every limit, and is well
formed."""
import os
import re
import shutil
import subprocess
import sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                    "docs", "spile.1")


def main():
    with open(PAGE) as f:
        text = f.read().replace("\\-", "-").replace('"', "")
    options = subprocess.run([os.environ["SPILE"], "--help"], text=True,
                             capture_output=True).stdout
    wanted = re.findall(r"^  (-\w|--[\w-]+)", options, re.M)
    wanted += re.findall(r" (--[\w-]+)", options)
    bad = [w for w in wanted
           if not re.search(rf"(?<![\w-]){re.escape(w)}(?![\w-])", text)]
    if bad or len(wanted) < 20:
        print("not in docs/spile.1:", " ".join(bad))
        return 1
    if not shutil.which("man"):
        return 0
    r = subprocess.run(["man", "-l", "--warnings", PAGE], text=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       env=dict(os.environ, LC_ALL="C.UTF-8"))
    print(r.stderr, end="")
    return 1 if r.stderr else 0


sys.exit(main())
