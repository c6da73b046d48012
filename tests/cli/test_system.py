#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that system() starts have the signals that a shell's have."""

import os
import subprocess
import sys

SPILE = os.path.abspath(os.environ["SPILE"])
SCRIPT = 'probe begin { system("yes 2>&1 | head -1; echo end") exit() }'

# Who has the end of the pipe reads until the last command is gone.
r = subprocess.run([SPILE, "-e", SCRIPT], capture_output=True, text=True,
                   timeout=60)
ok = (r.returncode, r.stdout, r.stderr) == (0, "y\nend\n", "")
if not ok:
    print(r)
sys.exit(0 if ok else 1)
