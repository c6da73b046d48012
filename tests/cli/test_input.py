#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! timeout: 120
"""input.char and input.line: the standard input, of every kind."""

import os
import pty
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

SPILE = os.path.abspath(os.environ["SPILE"])
LINES = ('global n probe input.line { printf("%d[%s]", n++, line) } '
         'probe timer.ms(400) { exit() }')
CHARS = ('probe input.char { printf("<%s>", char) if (char == "q") exit() } '
         'probe timer.s(20) { exit() }')


def spile(script, text, *options):
    return subprocess.run([SPILE, *options, "-e", script], input=text,
                          text=True, capture_output=True, timeout=60)


class Input(unittest.TestCase):
    def test_pipe(self):
        self.assertEqual(spile(LINES, "a b\n\nc\n").stdout,
                         "0[a b\n]1[\n]2[c\n]")
        self.assertEqual(spile(LINES, "a\nb").stdout, "0[a\n]1[b]",
                         "an end without a newline")
        self.assertEqual(spile(CHARS, "xy\nq rest").stdout, "<x><y><\n><q>")

    def test_file(self):
        with tempfile.TemporaryFile() as f:
            f.write(b"one\ntwo\n" * 2000 + b"last\n")
            f.seek(0)
            r = subprocess.run(
                [SPILE, "-e", 'global n probe input.line { n++ '
                 'if (line == "last\\n") { println(n) exit() } }'],
                stdin=f, text=True, capture_output=True, timeout=60)
        self.assertEqual(r.stdout, "4001\n")

    def test_no_input(self):
        r = subprocess.run([SPILE, "-e", LINES], stdin=subprocess.DEVNULL,
                           text=True, capture_output=True, timeout=60)
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "", ""))

    def test_long_line(self):
        """What a string does not hold is left out, the next line is whole."""
        r = spile(LINES, "x" * 1000 + "\nnext\n", "-DMAXSTRINGLEN=64")
        self.assertEqual(r.stdout, "0[%s]1[next\n]" % ("x" * 63))

    def test_both(self):
        r = spile('probe input.char { printf("<%s>", char) } probe input.line '
                  '{ printf("[%s]", line) } probe timer.ms(300) { exit() }',
                  "ab\nc")
        self.assertEqual(r.stdout, "<a><b><\n>[ab\n]<c>[c]")

    def test_list(self):
        r = subprocess.run([SPILE, "-L", "input.*"], text=True,
                           capture_output=True, timeout=60)
        self.assertEqual(r.stdout,
                         "input.char char:string\ninput.line line:string\n")


class Terminal(unittest.TestCase):
    def setUp(self):
        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, self.slave)

    def start(self, script, *options):
        return subprocess.Popen([SPILE, *options, "-e", script],
                                stdin=self.slave, stdout=subprocess.PIPE,
                                text=True)

    def flags(self):
        return termios.tcgetattr(self.slave)[3]

    def wait_for_raw(self):
        end = time.monotonic() + 10
        while self.flags() & termios.ICANON:
            self.assertLess(time.monotonic(), end, "bytes come at once")
            time.sleep(0.02)

    def test_bytes_at_once(self):
        """No newline is needed; the terminal is as before in the end, also
        when it is killed by a second signal."""
        before = self.flags()
        with self.start(CHARS) as p:
            self.wait_for_raw()
            os.write(self.master, b"a")
            self.assertEqual(os.read(p.stdout.fileno(), 100), b"<a>")
            os.write(self.master, b"q")
            self.assertEqual(p.wait(20), 0)
        self.assertEqual(self.flags(), before)
        with self.start('probe input.char { while (1) { } } '
                        'probe end { while (1) { } }',
                        "-DMAXACTION=1073741824") as p:
            self.wait_for_raw()
            p.send_signal(signal.SIGINT)
            time.sleep(0.4)
            self.assertIsNone(p.poll())
            p.send_signal(signal.SIGINT)
            p.wait(20)
        self.assertEqual(self.flags(), before)

    def test_lines_can_be_edited(self):
        with self.start(LINES) as p:
            os.write(self.master, b"ax\x7fb\n")
            self.assertEqual(p.communicate(timeout=20)[0], "0[ab\n]")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
