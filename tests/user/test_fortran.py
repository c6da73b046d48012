#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root gfortran
"""Arrays of Fortran that are passed with a descriptor: never its words."""
import os
import subprocess
import sys
import tempfile

SLOW = float(os.environ.get("LIVE_SLOW", "1"))
PROGRAM = """module m
contains
  subroutine work(n, a)
    integer, intent(inout) :: n
    integer, intent(in) :: a(:)
    n = n + a(2)
  end subroutine
end module
program main
  use m
  integer :: v(3) = (/ 7, 8, 9 /), n = 10
  call work(n, v)
  print *, n
end program
"""


def spile(program, handler):
    r = subprocess.run(
        [os.environ["SPILE"], "-c", program, "-e",
         f'probe process.function("work") {{ {handler} }}'],
        capture_output=True, text=True, timeout=60 * SLOW, check=False)
    return r.stdout + r.stderr


def main():
    with tempfile.TemporaryDirectory() as d:
        source, program = os.path.join(d, "f.f90"), os.path.join(d, "f")
        with open(source, "w", encoding="utf-8") as f:
            f.write(PROGRAM)
        subprocess.run(["gfortran", "-g", "-O0", "-o", program, source],
                       check=True)
        got = spile(program, 'println("n ", $n, " ", @defined($a[1]))')
        if "n 10 0" not in got:
            sys.exit("a number: " + got)
        got = spile(program, "println($a[1])")
        if "error: " not in got:
            sys.exit("an element is read: " + got)


main()
