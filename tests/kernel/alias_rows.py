# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows "alias: (when, what is printed, what that must be)" beside a process
whose doings are known: for test_aliases.py and test_families.py."""
import os
import re
import subprocess

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))


def probe(alias, row, may_lack, each):
    when, what, _ = row
    return (f'probe {alias}{"?" if alias in may_lack else ""} '
            f'{{ if (!({when})) next hits["{alias}"] += {each} '
            f'if (hits["{alias}"] != {each}) next '
            f'println("{alias}|", {what}) }}\n')


def run(rows, child, may_lack=(), options=(), each="1"):
    """What was said beside the child, a command; each: what a hit counts."""
    script = "global hits\n" + "".join(
        probe(a, r, may_lack, each) for a, r in rows.items()) + \
        'probe end { foreach (a in hits) println("HITS ", a, " ", hits[a]) ' \
        'println("SELF ", target()) }'
    r = subprocess.run([SPILE, "-w", *options, "-c", child, "-e", script],
                       capture_output=True, text=True, timeout=100 * SLOW,
                       check=False, errors="replace")
    if r.returncode or "skipped" in r.stderr:
        print(r.stderr)
    return r.stdout


def hits(alias, said):
    m = re.search(rf"^HITS {re.escape(alias)} (\d+)$", said, re.M)
    return int(m[1]) if m else 0


def look(rows, said, may_lack=(), known=None):
    """How many rows are not as they should be; known: {WORD: what it is},
    and so are lines "KNOW WORD what it is" that the child says."""
    self = re.search(r"^SELF (\d+)$", said, re.M)
    if not self:
        print(said)
        return 1
    words, bad = {"SELF": self[1], **(known or {})}, 0
    words.update(re.findall(r"^KNOW (\w+) (.*)$", said, re.M))
    for alias, (_, _, expected) in rows.items():
        line = re.search(rf"^{re.escape(alias)}\|(.*)$", said, re.M)
        expected = words.get(expected, expected)
        if not line and alias in may_lack:
            print(f"{alias}: not here")
        elif not line or not re.fullmatch(expected, line[1]):
            print(f"{alias}: {line and line[1]}, not {expected}")
            bad += 1
    return bad


def has_functions():
    r = subprocess.run([SPILE, "-w", "-T", "1", "-e", 'probe kernel.function('
                        '"vfs_read") { exit() }'], capture_output=True,
                       text=True, check=False)
    return r.returncode == 0
