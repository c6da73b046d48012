#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! timeout: 120
"""-i: a script made line by line."""

import ctypes.util
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SPILE = os.path.abspath(os.environ["SPILE"])


def talk(*lines, options=("-i",), **env):
    r = subprocess.run([SPILE, *options], input="\n".join(lines) + "\n",
                       text=True, capture_output=True, timeout=60,
                       env=dict(os.environ, **env))
    return r.stdout, r.stderr


class Commands(unittest.TestCase):
    def setUp(self):
        d = tempfile.TemporaryDirectory()
        self.addCleanup(d.cleanup)
        self.dir = d.name

    def test_add_list_run(self):
        out, err = talk("global n = 3", "probe begin {",
                        "\tprintln(n, \" \", twice(2), \" \", @1)", "\texit()", "}",
                        "function twice(x) { return x * 2 }", "list",
                        "run arg")
        self.assertEqual(err, "")
        self.assertEqual(out, '  1  global n = 3\n'
                         '  2  probe begin {\n'
                         '     \tprintln(n, " ", twice(2), " ", @1)\n'
                         '     \texit()\n     }\n'
                         '  3  function twice(x) { return x * 2 }\n'
                         '3 4 arg\n')

    def test_open_text(self):
        """A brace in a string or a comment opens nothing; a probe goes on
        until its handler is there."""
        out, err = talk('probe begin { print("{(\\"") /* { */ # {', "exit() }",
                        "probe end", "{ println(2) }", "run")
        self.assertEqual((out, err), ('{("2\n', ""))

    def test_add_until_dot(self):
        out, _ = talk("add", "probe begin", "{ println(1) exit() }", ".",
                      "run")
        self.assertEqual(out, "1\n")

    def test_delete(self):
        out, err = talk("global a", "global b", "delete 1", "delete 7",
                        "list", "delete", "list")
        self.assertEqual(out, "  1  global b\n")
        self.assertIn("no declaration 7", err)

    def test_do(self):
        out, _ = talk("function f(x) { return x + 1 }",
                      "probe begin { println(\"not now\") }",
                      "do println(f(41), execname())")
        self.assertEqual(out, "42spile\n")

    def test_errors_leave_it_alive(self):
        out, err = talk("nonsense", "probe nosuch { }", "run", "delete",
                        "do println(1)")
        self.assertIn("no command 'nonsense'", err)
        self.assertIn("[E0301]", err)
        self.assertEqual(out, "1\n")

    def test_files(self):
        path = os.path.join(self.dir, "x.stp")
        out, _ = talk("probe begin { println(7) exit() }", "save " + path)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), "probe begin { println(7) exit() }\n")
        self.assertEqual(talk("run", options=("-i", path))[0], "7\n")
        self.assertIn("7\n", talk("load " + path, "run")[0])
        editor = "sed -i s/7/8/"
        self.assertEqual(talk("edit", "run", options=("-i", path),
                              EDITOR=editor, VISUAL="")[0], "8\n")
        self.assertIn("No such file", talk("load /nonexistent")[1])
        out, err = talk("load " + self.dir, "run", options=("-i", path))
        self.assertEqual(out, "7\n", "the script is still there")
        self.assertIn("Is a directory", err)

    def test_look(self):
        out, _ = talk("probes timer.s(1)", "vars kernel.trace(\"sched_switch\")"
                      if os.path.exists("/sys/kernel/btf/vmlinux") else "",
                      "functions gettimeofday_s", "explain E0301")
        self.assertIn("timer.s(1)\n", out)
        self.assertIn("gettimeofday_s:long ()  ", out)
        self.assertIn("E0301: ", out)

    def test_options(self):
        out, err = talk("set", "set -v -w", "global unused",
                        "probe begin { exit() }", "run",
                        options=("-gi", "-I", self.dir))
        self.assertEqual(out, "-g -I %s\n-v -w\n" % self.dir)
        self.assertIn("Pass 1: ", err)
        self.assertNotIn("warning", err)

    def test_quotes(self):
        """Options are words as a shell takes them, and shown as such."""
        out, _ = talk("set -G 's=a \"b\" c' -w", "global s",
                      "probe begin { println(s) exit() }", "run")
        self.assertEqual(out, '-G "s=a \\"b\\" c" -w\na "b" c\n')

    def test_help_and_quit(self):
        out, err = talk("help", "quit", "nonsense")
        for word in ("list", "run", "probes", "quit"):
            self.assertRegex(out, r"(?m)^  %s " % word)
        self.assertEqual(err, "")
        self.assertEqual(talk("exit", "nonsense")[1], "")


@unittest.skipUnless(ctypes.util.find_library("edit") or
                     ctypes.util.find_library("readline"),
                     "no library to edit lines with")
class Terminal(unittest.TestCase):
    def start(self, home):
        pid, fd = pty.fork()
        if not pid:
            os.environ.update(HOME=home, TERM="vt100")
            os.execv(SPILE, [SPILE, "-i"])
        self.pid, self.fd, self.text = pid, fd, ""
        self.wait("spile> ")

    def wait(self, what, seconds=20):
        end = time.monotonic() + seconds
        while not re.search(what, self.text):
            self.assertLess(time.monotonic(), end, repr(self.text))
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode()
                except OSError:
                    return
        self.text = ""

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def end(self):
        self.type("quit\n")
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:
                    break
        self.assertEqual(os.waitpid(self.pid, 0)[1], 0)
        os.close(self.fd)

    def test_edit_complete_call_back(self):
        with tempfile.TemporaryDirectory() as home:
            self.start(home)
            self.type("do println(1x\x7f7)\n")
            self.wait(r"(?m)^17\r$")
            self.type("do println(strle\t\"abcd\"))\n")
            self.wait(r"(?m)^4\r$")
            self.type("probes kprocess.exec_c\t\n")
            self.wait(r"(?m)^kprocess.exec_complete\r$")
            self.type("\x1b[A\x1b[A\n")
            self.wait(r"(?m)^4\r$")
            self.end()
            self.start(home)
            self.type("\x1b[A\x1b[A\n")
            self.wait(r"(?m)^4\r$")
            self.end()
            self.assertTrue(os.path.exists(home + "/.spile_history"))

    def test_interrupt_gives_up_the_line(self):
        with tempfile.TemporaryDirectory() as home:
            self.start(home)
            self.type("do println(1)\x03")
            self.wait("spile> ")
            self.type("probe begin {\n")
            self.wait(r"\.\.\.> ")
            self.type("nonsense(\x03")
            self.wait("spile> ")
            self.type("list\ndo println(6)\n")
            self.wait(r"(?m)list\r$\n(.*do println.*\n)?^6\r$")
            self.end()

    def test_interrupt_ends_what_runs(self):
        with tempfile.TemporaryDirectory() as home:
            self.start(home)
            self.type("probe timer.ms(100) { println(\"tick\") }\nrun\n")
            self.wait("tick\r\ntick")
            self.type("\x03")
            self.wait("spile> ")
            self.type("do println(9)\n")
            self.wait(r"(?m)^9\r$")
            self.end()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
