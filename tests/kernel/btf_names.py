# SPDX-License-Identifier: GPL-2.0-or-later
"""Names in this kernel's BTF."""
import struct

FUNC = 12


def functions():
    """The names of the functions in the kernel's BTF."""
    with open("/sys/kernel/btf/vmlinux", "rb") as f:
        data = f.read()
    head, types, ntypes, names, _ = struct.unpack_from("<IIIII", data, 4)
    words = struct.unpack_from(f"<{ntypes // 4}I", data, head + types)
    head += names
    behind = [0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0]
    each = {4: 3, 5: 3, 6: 2, 13: 2, 15: 3, 19: 3}
    ret, i = [], 0
    while i < len(words):
        kind = words[i + 1] >> 24 & 31
        if kind == FUNC:
            start = head + words[i]
            ret.append(data[start:data.index(b"\0", start)].decode())
        n = words[i + 1] & 0xffff
        i += 3 + (each[kind] * n if kind in each else behind[kind])
    return ret
