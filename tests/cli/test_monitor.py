#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! timeout: 120
"""--monitor: what is on the screen, and what the keys do."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

SPILE = os.path.abspath(os.environ["SPILE"])
SCRIPT = '''global n = 5, names, times
probe timer.ms(20) { n++ names["a"]++ names["b"] += 2 times <<< n }
probe timer.ms(150) { printf("line %d\\n", n) }
probe end { println("the end") }'''
LEAVE = "\033[?1049l"


class Screen:
    """What a program draws on a terminal: the last picture, as lines."""

    def __init__(self, *args, rows=30, cols=90):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.text = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.cols = cols
        self.process = subprocess.Popen([SPILE, *args], stdin=slave,
                                        stdout=slave, stderr=slave)

    def read(self, seconds=0.05):
        while select.select([self.master], [], [], seconds)[0]:
            self.text += self.decoder.decode(os.read(self.master, 65536))

    def picture(self):
        """The last one that is whole."""
        self.read()
        pictures = self.text.split("\033[H")[1:]
        whole = [p for p in pictures if "\033[J" in p]
        text = whole[-1].split("\033[J")[0] if whole else ""
        text = re.sub(r"\033\[[0-9;?]*[A-Za-z]|\r", "", text)
        return text.split("\n")

    def wait(self, what, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            picture = self.picture()
            if what("\n".join(picture)):
                return picture
        raise AssertionError("never seen; last:\n" + "\n".join(picture))

    def key(self, keys):
        os.write(self.master, keys.encode())

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Monitor(unittest.TestCase):
    def start(self, *args, **more):
        s = Screen(*args, **more)
        self.addCleanup(s.close)
        return s

    def number(self, pattern, text):
        m = re.search(pattern, text)
        self.assertTrue(m, text)
        return int(m.group(1))

    def test_picture(self):
        s = self.start("--monitor", "-m", "mine", "-e", SCRIPT)
        picture = s.wait(lambda t: "line " in t and "names" in t)
        self.assertRegex(picture[0], r"^ mine  up 00:00:\d\d  uid %d  3 probes"
                         % os.getuid())
        text = "\n".join(picture)
        self.assertRegex(text, r"(?m)^ +0  on +\d+ +\d+ +\d+ +\d+  "
                         r"timer\.ms\(20\)$")
        self.assertRegex(text, r'names\["b"\]=\d+\nnames\["a"\]=\d+\n')
        self.assertRegex(text, r"times @count=\d+ @min=6 ")
        self.assertGreater(self.number(r"\nn=(\d+)", text), 5)
        for line in picture:
            self.assertLessEqual(len(line), 90)

    def test_keys(self):
        s = self.start("--monitor=1", "-e", SCRIPT)
        s.wait(lambda t: "line " in t)
        s.key("p")
        text = "\n".join(s.wait(lambda t: "PAUSED" in t and
                                re.search(r"0  off .*timer\.ms\(20\)", t)))
        n = self.number(r"\nn=(\d+)", text)
        time.sleep(1.2)
        self.assertEqual(self.number(r"\nn=(\d+)", "\n".join(s.picture())), n)
        s.key("c")
        s.wait(lambda t: "\nn=5\n" in t and "names" not in t and
               "times @count=0" in t)
        s.key("r")
        s.wait(lambda t: "PAUSED" not in t and "\nn=5\n" not in t)
        s.key("t1\n")
        s.wait(lambda t: re.search(r"1  off .*timer\.ms\(150\)", t) and
               re.search(r"0  on .*timer\.ms\(20\)", t))
        # pausing all and going on does not turn it on again
        s.key("p")
        s.wait(lambda t: "PAUSED" in t and
               re.search(r"0  off .*timer\.ms\(20\)", t))
        s.key("r")
        s.wait(lambda t: "PAUSED" not in t and
               re.search(r"1  off .*timer\.ms\(150\)", t) and
               re.search(r"0  on .*timer\.ms\(20\)", t))
        s.key("sss")
        s.wait(lambda t: "sort: max" in t)
        s.key("x")
        s.wait(lambda t: "timer.ms" not in t and "line " in t)

    def test_end(self):
        """The terminal is as it was, and has what was printed."""
        for end in ("key", "signal"):
            s = self.start("--monitor", "-e", SCRIPT)
            s.wait(lambda t: "line " in t)
            if end == "key":
                s.key("q")
            else:
                s.process.send_signal(signal.SIGINT)
            self.assertEqual(s.process.wait(20), 0)
            s.read(0.2)
            rest = s.text.split(LEAVE)[1]
            self.assertIn("the end\r\n", rest)
            self.assertIn("line ", rest)
            self.assertEqual(termios.tcgetattr(s.slave), s.before)

    def test_small_screen(self):
        s = self.start("--monitor", "-e", SCRIPT, rows=6, cols=20)
        picture = s.wait(lambda t: "spile_" in t)
        self.assertLessEqual(len(picture), 6)
        for line in picture:
            self.assertLessEqual(len(line), 20)

    def test_escapes_are_not_obeyed(self):
        s = self.start("--monitor", "-e", 'probe timer.ms(50) { '
                       'print("\\033[2Jclear\\001me\\n") }')
        s.wait(lambda t: " [2Jclear me" in t)
        s = self.start("--monitor", "-e", 'probe timer.ms(50) { '
                       'print("\\302\\2332J\\303\\251\\n") }')
        s.wait(lambda t: " 2J\xe9" in t)

    def test_refused(self):
        for args in (["-o", "x"], ["-F"]):
            r = subprocess.run([SPILE, "--monitor", *args, "-e", SCRIPT],
                               capture_output=True, text=True, timeout=20)
            self.assertEqual(r.returncode, 1)
            self.assertIn("--monitor", r.stderr)
        r = subprocess.run([SPILE, "--monitor", "-e",
                            "probe input.char { print(char) }"],
                           capture_output=True, text=True, timeout=20)
        self.assertEqual(r.returncode, 1)
        self.assertIn("--monitor takes the keys", r.stderr)
        r = subprocess.run([SPILE, "--monitor", "-e", SCRIPT], text=True,
                           stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=20)
        self.assertEqual(r.returncode, 1)
        self.assertIn("terminal", r.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
