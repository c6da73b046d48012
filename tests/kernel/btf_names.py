# SPDX-License-Identifier: GPL-2.0-or-later
"""Names in this kernel's BTF."""
import os
import subprocess


def functions():
    """The names of the functions in the kernel's BTF."""
    program = os.path.join(os.environ["BUILD"], "tests/kernel/btf-functions")
    return subprocess.run([program], capture_output=True, text=True,
                          check=True).stdout.split()
