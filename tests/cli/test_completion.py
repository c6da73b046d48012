#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! timeout: 120
"""What bash and zsh complete, and the manual pages that are made."""

import os
import shutil
import subprocess
import sys
import unittest

SPILE = os.path.abspath(os.environ["SPILE"])
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.dirname(SPILE)))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


def complete(*words):
    """What is offered for the last of these words."""
    script = '''source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _spile
printf '%s\\n' "${COMPREPLY[@]}"'''
    r = subprocess.run(["bash", "-c", script, "bash",
                        os.path.join(TOP, "tools/completion/spile.bash"),
                        SPILE, *words], text=True, capture_output=True,
                       timeout=60, cwd=os.path.join(TOP, "examples"))
    return r.stdout.split()


class Bash(unittest.TestCase):
    def test_options(self):
        self.assertEqual(complete("--mon"), ["--monitor"])
        self.assertEqual(complete("--skip"), ["--skip-badvars"])
        self.assertIn("-e", complete("-"))
        self.assertIn("-h", complete("-"))
        self.assertIn("--help", complete("-"))

    def test_values(self):
        self.assertEqual(complete("--color", "=", "n"), ["never"])
        self.assertEqual(complete("--color", "="),
                         ["never", "always", "auto"])
        self.assertEqual(complete("-D", "MAXS"),
                         ["MAXSTRINGLEN=", "MAXSKIPPED="])
        self.assertIn(str(os.getpid()), complete("-x", ""))

    def test_points(self):
        self.assertIn("kprocess.exec", complete("-l", "kprocess.ex"))
        self.assertIn("timer.ms", complete("-L", "timer.m"))

    def test_files_and_examples(self):
        self.assertIn("syscall-latency.stp", complete("sysc"))
        self.assertEqual(complete("--example", "syscall-l"),
                         ["syscall-latency.stp"])


class Zsh(unittest.TestCase):
    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_syntax(self):
        r = subprocess.run(["zsh", "-n", os.path.join(
            TOP, "tools/completion/_spile")], capture_output=True, text=True)
        self.assertEqual((r.returncode, r.stderr), (0, ""))


class Pages(unittest.TestCase):
    def page(self, name):
        with open(os.path.join(BUILD, name), encoding="utf-8") as f:
            text = f.read()
        if shutil.which("man"):
            r = subprocess.run(["man", "-l", "--warnings",
                                os.path.join(BUILD, name)], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=dict(os.environ, LC_ALL="C.UTF-8",
                                        MANWIDTH="80"))
            self.assertEqual(r.stderr, "")
            return r.stdout
        return text

    def test_probes(self):
        """Each form, and each alias, with what it is."""
        text = " ".join(self.page("spile-probes.7").split())
        forms = subprocess.run([SPILE, "--dump-probe-types"], text=True,
                               capture_output=True).stdout.split("\n")[:-1]
        self.assertGreater(len(forms), 100)
        for form in forms:
            self.assertIn(form, text)
        self.assertIn("kprocess.exec A process asks to run another program",
                      text)

    def test_language(self):
        text = self.page("spile-language.7")
        self.assertIn('printf("%6d %s\\n", calls[name], name)', text)
        self.assertRegex(text, r"(?m)^STATEMENTS$")
        self.assertNotIn("```", text)
        self.assertNotIn("|---", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
