#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! timeout: 120
"""Output files that are switched, and sessions that leave their terminal: -S,
SIGUSR2, -F, -A."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SPILE = os.path.abspath(os.environ["SPILE"])
FLOOD = ('global n probe timer.ms(1) { for (i = 0; i < 200; i++) '
         'printf("%08d xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
         'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\n", '
         'n++) if (n >= %d) exit() }')
TICKS = ('global n probe timer.ms(5) { println(n++) } '
         'probe end { println("the end") }')


def spile(*args, **more):
    return subprocess.run([SPILE, *args], text=True, capture_output=True,
                          timeout=30, stdin=subprocess.DEVNULL, **more)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.02)


def is_gone(pid):
    try:
        return "(zombie)" in read("/proc/%d/status" % pid)
    except OSError:
        return True


class InDirectory(unittest.TestCase):
    def setUp(self):
        d = tempfile.TemporaryDirectory()
        self.addCleanup(d.cleanup)
        self.dir = d.name

    def path(self, name):
        return os.path.join(self.dir, name)

    def files(self):
        return sorted(os.listdir(self.dir), key=lambda n: n.split(".")[1:])


class Files(InDirectory):
    def test_all_are_kept(self):
        """Every line is there, once, whole, in files of at most 1 MB."""
        r = spile("-o", self.path("out"), "-S", "1", "-w", "-e",
                  FLOOD.replace("%d)", "20000)"))
        self.assertEqual((r.returncode, r.stdout), (0, ""), r.stderr)
        names = self.files()
        self.assertEqual(names, ["out.%d" % i for i in range(len(names))])
        self.assertGreater(len(names), 2)
        text = [read(self.path(n)) for n in names]
        for t in text[:-1]:
            self.assertLessEqual(len(t), 1 << 20)
            self.assertGreater(len(t), (1 << 20) - 200)
            self.assertEqual(t[-1], "\n")
        numbers = [int(line.split()[0])
                   for line in "".join(text).splitlines() if line[0] == "0"]
        self.assertEqual(numbers, list(range(len(numbers))))
        self.assertGreaterEqual(len(numbers), 20000)

    def test_the_oldest_go(self):
        r = spile("-o", self.path("o.%Y"), "-S1,2", "-w", "-e",
                  FLOOD.replace("%d)", "40000)"))
        self.assertEqual(r.returncode, 0, r.stderr)
        names = self.files()
        self.assertEqual(len(names), 2)
        self.assertRegex(names[0], r"^o\.20\d\d\.\d+$")
        self.assertIn("00039999 ", read(self.path(names[1])))

    def test_wrong(self):
        for args in (["-S", "1"], ["-S", "0", "-o", "x"], ["-Sx", "-o", "x"],
                     ["-S1,0", "-o", "x"], ["-S1,", "-o", "x"]):
            r = spile(*args, "-e", "probe begin { exit() }")
            self.assertEqual(r.returncode, 1, args)
            self.assertIn("-S", r.stderr)

    def test_signal(self):
        """SIGUSR2: the next file."""
        with subprocess.Popen([SPILE, "-o", self.path("out"), "-e", TICKS],
                              stdin=subprocess.DEVNULL) as p:
            for name in ("out", "out.1"):
                path = self.path(name)
                wait_for(lambda: os.path.exists(path) and read(path))
                p.send_signal(signal.SIGUSR2)
            wait_for(lambda: os.path.exists(self.path("out.2")) and
                     read(self.path("out.2")))
            p.send_signal(signal.SIGINT)
            self.assertEqual(p.wait(10), 0)
        self.assertEqual(self.files(), ["out", "out.1", "out.2"])
        text = "".join(read(self.path(n)) for n in self.files())
        lines = text.split("\n")
        self.assertEqual(lines[-2:], ["the end", ""])
        self.assertEqual(lines[:-2], [str(i) for i in range(len(lines) - 2)])


    def test_function(self):
        """switch_file(), in host code; without files nothing happens."""
        script = ('probe begin { println("a") switch_file() println("b") } '
                  'probe timer.ms(50) { switch_file() exit() } '
                  'probe end { println("c") }')
        r = spile("-o", self.path("out"), "-e", script)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertEqual([(n, read(self.path(n))) for n in self.files()],
                         [("out", "a\n"), ("out.1", "b\n"), ("out.2", "c\n")])
        r = spile("-e", script)
        self.assertEqual((r.returncode, r.stdout), (0, "a\nb\nc\n"))


class Background(InDirectory):
    def test_to_file(self):
        """-F -o: its number is printed, and it goes on alone."""
        out = self.path("out")
        r = spile("-F", "-o", out, "-e", TICKS)
        self.assertRegex(r.stdout, r"^\d+\n$")
        pid = int(r.stdout)
        wait_for(lambda: "\n" in read(out))
        self.assertEqual(os.getsid(pid), pid)
        for fd in range(3):
            self.assertEqual(os.readlink("/proc/%d/fd/%d" % (pid, fd)),
                             "/dev/null")
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: is_gone(pid))
        self.assertTrue(read(out).endswith("the end\n"))

    def test_messages_in_file(self):
        r = spile("-F", "-o", self.path("out"), "-e",
                  'probe timer.ms(200) { println("a") error("b") }')
        pid = int(r.stdout)
        wait_for(lambda: is_gone(pid))
        self.assertRegex(read(self.path("out")), r"^a\nERROR: b near ")

    def test_nothing_comes_of_it(self):
        r = spile("-F", "-e", "probe nosuch { }")
        self.assertEqual((r.returncode, r.stdout), (1, ""))
        self.assertIn("E0301", r.stderr)
        r = spile("-F", "-o", "/nonexistent/x", "-e", TICKS)
        self.assertEqual((r.returncode, r.stdout), (1, ""))
        self.assertIn("/nonexistent/x", r.stderr)


class Recorder(unittest.TestCase):
    def start(self, script, *options):
        r = spile("-F", *options, "-e", script)
        m = re.fullmatch(r'Disconnecting from the session\.\nTo reconnect, '
                         r'type "spile -A (\S+)"\n', r.stdout)
        self.assertTrue(m, r.stdout + r.stderr)
        return m.group(1)

    def attach(self, name):
        return subprocess.Popen([SPILE, "-A", name], text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def read_some(self, name, number, lines=3):
        """Attaches, reads, sends the signal: (status, lines, messages)."""
        p = self.attach(name)
        first = [p.stdout.readline() for _ in range(lines)]
        p.send_signal(number)
        rest, err = p.stdout.read(), p.stderr.read()
        p.stdout.close()
        p.stderr.close()
        return p.wait(20), "".join(first) + rest, err

    def test_read_leave_read_end(self):
        name = self.start(TICKS)
        time.sleep(0.2)
        status, one, err = self.read_some(name, signal.SIGQUIT)
        self.assertEqual(status, 0, err)
        self.assertIn('To reconnect, type "spile -A %s"' % name, err)
        status, two, err = self.read_some(name, signal.SIGINT)
        self.assertEqual((status, err), (0, ""))
        lines = (one + two).split()
        self.assertEqual(lines[-2:], ["the", "end"])
        self.assertEqual(lines[:-2], [str(i) for i in range(len(lines) - 2)])
        wait_for(lambda: "no session" in spile("-A", name).stderr)

    def test_only_the_last(self):
        """It keeps a megabyte, of whole lines."""
        name = self.start(
            'probe begin { for (i = 0; i < 40000; i++) printf("%08d %100s\\n",'
            ' i, "x") exit() } probe end { warn("ended") }',
            "-DMAXACTION=1000000")
        p = self.attach(name)
        out, err = p.communicate(timeout=20)
        self.assertEqual(p.returncode, 0)
        self.assertRegex(err, r"^\(\d+ bytes came before this and were not "
                         r"kept\)\n(.*\n)*WARNING: ended\n")
        numbers = [int(line.split()[0]) for line in out.splitlines()
                   if line[0] == "0"]
        self.assertEqual(numbers, list(range(numbers[0], numbers[-1] + 1)))
        self.assertEqual(numbers[-1], 39999)
        self.assertLess(len(out), 1 << 20)
        self.assertGreater(len(out), 1 << 19)

    def test_it_waits_for_its_reader(self):
        """What ended by itself, and how, is not lost."""
        name = self.start('probe timer.ms(50) { println("x") error("y") }')
        time.sleep(0.3)
        p = self.attach(name)
        out, err = p.communicate(timeout=20)
        self.assertEqual((p.returncode, out), (1, "x\n"))
        self.assertIn("ERROR: y", err)

    def test_reader_that_leaves(self):
        """What was on its way to a reader that goes without taking it, the
        next one gets: whole lines, and how it has ended."""
        name = self.start(
            'probe begin { for (i = 0; i < 2100; i++) printf("%08d %100s\\n",'
            ' i, "x") exit() }', "-DMAXACTION=1000000")
        dirs = ["/run/spile", os.environ.get("XDG_RUNTIME_DIR", "") + "/spile",
                "/tmp/spile-%d" % os.geteuid()]
        path = next(p for p in ("%s/%s.sock" % (d, name) for d in dirs)
                    if os.path.exists(p))
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.recv(1000)
            time.sleep(0.5)
        p = self.attach(name)
        out, err = p.communicate(timeout=20)
        self.assertEqual((p.returncode, err), (0, ""))
        numbers = [int(line.split()[0]) for line in out.splitlines()]
        self.assertGreater(len(numbers), 0)
        self.assertEqual(numbers, list(range(numbers[0], 2100)))

    def test_reader_that_dies(self):
        """What was on its way to one who was killed goes to the next; of all
        lines at most those are missing that he had."""
        name = self.start(
            'probe begin { for (i = 0; i < 9000; i++) printf("%08d %90s\\n",'
            ' i, "x") exit() }', "-DMAXACTION=1000000")
        p = self.attach(name)
        first = [int(p.stdout.readline().split()[0]) for _ in range(10)]
        time.sleep(0.3)
        p.kill()
        p.communicate()
        self.assertEqual(first, list(range(10)))
        p = self.attach(name)
        out, err = p.communicate(timeout=20)
        self.assertEqual(p.returncode, 0, err)
        numbers = [int(line.split()[0]) for line in out.splitlines()]
        self.assertEqual(numbers, list(range(numbers[0], 9000)))

    def leave(self, *args):
        """A session in the foreground, after SIGQUIT: (what it said, name)."""
        p = subprocess.Popen([SPILE, *args], text=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = "".join(p.stdout.readline() for _ in range(3))
        p.send_signal(signal.SIGQUIT)
        rest, err = p.communicate(timeout=20)
        self.assertEqual((p.returncode, err), (0, ""), rest)
        m = re.search(r'Disconnecting from the session\.\nTo reconnect, '
                      r'type "spile -A (\S+)"\n$', rest)
        self.assertTrue(m, rest)
        return said + rest[:m.start()], m.group(1)

    def test_left_by_sigquit(self):
        """Nothing is lost, neither before nor behind; twice more it is left."""
        text, name = self.leave("-e", TICKS)
        time.sleep(0.1)
        for number in (signal.SIGQUIT, signal.SIGINT):
            status, more, err = self.read_some(name, number)
            self.assertEqual(status, 0, err)
            text += more
        lines = text.split("\n")
        self.assertEqual(lines[-2:], ["the end", ""])
        self.assertEqual(lines[:-2], [str(i) for i in range(len(lines) - 2)])

    def test_left_with_a_command(self):
        """The end of the command is the session's, though it is no child."""
        text, name = self.leave("-c", "sleep 2", "-e", TICKS)
        r = spile("-A", name)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertTrue(r.stdout.endswith("the end\n"))
        self.assertEqual(r.stdout.split()[0], str(len(text.split())))

    def test_two_readers(self):
        name = self.start(TICKS)
        p = self.attach(name)
        p.stdout.readline()
        r = spile("-A", name)
        self.assertEqual(r.returncode, 1)
        self.assertIn("Someone else is attached", r.stderr)
        p.send_signal(signal.SIGINT)
        self.assertTrue(p.stdout.read().endswith("the end\n"))
        p.communicate()

    def test_names(self):
        name = "test-%d" % os.getpid()
        self.assertEqual(self.start(TICKS, "-m", name), name)
        r = spile("-F", "-m", name, "-e", TICKS)
        self.assertEqual(r.returncode, 1)
        self.assertIn("in use", r.stderr)
        r = spile("-A", "nosuch-session")
        self.assertEqual(r.returncode, 1)
        self.assertIn(name, r.stderr, "it says which there are")
        self.read_some(name, signal.SIGINT, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
