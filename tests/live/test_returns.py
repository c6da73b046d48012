#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root
"""Values of the entry, at returns of calls that began before the session: such
a return is none, and the next is one."""
import os
import subprocess

from live import Session, check

READS = """
import os
while os.read(7, 100) != b"end":
    os.write(8, b".")
"""


def main():
    to, back = os.pipe(), os.pipe()
    p = subprocess.Popen(["python3", "-I", "-c", "import os\n"
                          f"os.dup2({to[0]}, 7)\nos.dup2({back[1]}, 8)\n" +
                          READS], pass_fds=(to[0], back[1]))
    os.write(to[1], b"1")
    os.read(back[0], 1)         # it will wait in read() again
    s = Session("probe syscall.read.return { "
                "if (pid() == target()) println(@entry($fd), \" \", $return) }"
                "probe end { println(\"end\") }", "-x", str(p.pid))
    os.write(to[1], b"22")
    os.read(back[0], 1)
    os.write(to[1], b"end")
    p.wait()
    code, out, err = s.stop()
    check(code == 0 and out == "7 3\nend\n", f"{code}: {out} {err}")


main()
