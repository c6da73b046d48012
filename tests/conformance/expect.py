# SPDX-License-Identifier: GPL-2.0-or-later
"""What SystemTap's examples must print, beside the workload: a few words about
each, for tools/conformance."""
import re


class Expect:
    """A script prints each of `patterns` (regular expressions, where ^ and $
    are those of lines), none of `never`, and `check` of it is true.  It is
    run for `seconds`, by `command` in place of its .meta file's."""

    def __init__(self, *patterns, never=(), check=None, seconds=3,
                 command=None):
        self.patterns, self.never = patterns, never
        self.check, self.seconds = check, seconds
        self.command = command

    def says_anything(self):
        return bool(self.patterns or self.check)

    def wrong(self, said, err):
        for line in err.splitlines():
            if line.startswith("ERROR"):
                return line
        for p in self.patterns:
            if not re.search(p, said, re.M):
                return f"no line like /{p}/"
        for p in self.never:
            if re.search(p, said, re.M):
                return f"a line like /{p}/"
        if self.check and not self.check(said):
            return "it makes no sense"
        return ""


NOTHING = Expect()
SCRIPTS = {}


def of(name):
    return SCRIPTS.get(name, NOTHING)
