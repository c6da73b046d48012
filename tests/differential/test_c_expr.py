#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Embedded C calculates what gcc does."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

if not shutil.which("gcc"):
    sys.exit(77)
sys.exit(subprocess.call([sys.executable, os.path.join(HERE, "c_expr.py"),
                          os.environ.get("SPILE", "spile"), "11", "150"]))
