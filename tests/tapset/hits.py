# SPDX-License-Identifier: GPL-2.0-or-later
"""For tests that compare each hit of a probe with something."""
SKIPPED = "the processor was running this or another probe already"


def all_seen(run, is_whole=lambda out: False):
    """What run() comes to, (output, messages), of a time when nothing was skipped,
    or what was is of others: is_whole(output).  A kernel that takes a task's turn in
    the middle of a program skips what others do until it has it again, and that is
    said."""
    for _ in range(5):
        out, err = run()
        if SKIPPED not in err or is_whole(out):
            break
    return out, err
