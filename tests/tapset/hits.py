# SPDX-License-Identifier: GPL-2.0-or-later
"""For tests that compare each hit of a probe with something."""
SKIPPED = "the processor was running this or another probe already"


def all_seen(run):
    """What run() comes to, (output, messages), of a time when nothing was skipped.
    A kernel that takes a task's turn in the middle of a program skips what others
    do until it has it again, and that is said."""
    for _ in range(5):
        out, err = run()
        if SKIPPED not in err:
            break
    return out, err
