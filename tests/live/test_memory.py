#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
"""Memory of the kernel and of the traced process, read and (-g) written: a
process calls write() with counts that say what is to be done, to a file that
does not look at the bytes."""
import os
import re
import subprocess
import sys
import tempfile

from live import SPILE, check, need_root, run

PROCESS = """
import ctypes, sys
libc = ctypes.CDLL(None)
null = open("/dev/null", "wb").fileno()
libc.prctl(15, b"memory-test", 0, 0, 0)
number = ctypes.c_int(5)
text = ctypes.create_string_buffer(b"hello", 64)
bytes16 = "a\\u00e4\\u20ac\\U0001f600".encode("utf-16-le") + b"\\0\\0"
bytes32 = "b\\U0001f600".encode("utf-32-le") + b"\\0\\0\\0\\0"
wide16 = ctypes.create_string_buffer(bytes16)
wide32 = ctypes.create_string_buffer(bytes32)
bad16 = ctypes.create_string_buffer(b"\\x00\\xd8a\\0\\0\\0")
for where, count in ((ctypes.byref(number), 7001), (text, 7002),
                     (wide16, 7003), (wide32, 7004), (bad16, 7005),
                     (None, 7006)):
    libc.write(null, where, count)
with open(sys.argv[1], "w") as f:
    print(number.value, text.value.decode(), file=f)
"""

SCRIPT = r"""
probe kernel.trace("sys_enter")
{
	if (pid() != target())
		next
	buf = @cast($regs, "pt_regs")->si
	count = @cast($regs, "pt_regs")->dx
	if (count < 7001 || count > 7006)
		next
WRITES	if (count == 7003)
		println(user_string_utf16(buf), user_string_quoted_utf16(buf))
	if (count == 7004)
		println(user_string_utf32(buf), user_string_quoted_utf32(buf))
	if (count == 7005)
		println(user_string_utf16(buf, "no text"))
	if (count != 7006)
		next
LASTWRITES	try { println(kernel_long(8)) } catch (m) { println(m) }
	println(user_string_quoted_utf32(8), kernel_string_quoted_utf16(8),
		kernel_string_utf32(8, " none"))
	task = task_current()
	a = &@cast(task, "task_struct")->comm
	println(kernel_string(a), " ", kernel_string_n(a, 3), " ",
		kernel_string_quoted(a))
	println(kernel_buffer_quoted(a, 3), kernel_buffer_quoted(a, 13),
		kernel_buffer_quoted(a, 8, 11),
		kernel_buffer_quoted_error(a + 10, 3, 20))
	printf("%c %d %d %d\n", kernel_char(a),
	       kernel_short(a) == kernel_int(a) << 48 >> 48,
	       kernel_pointer(a) == kernel_long(a),
	       kernel_int(a) == kernel_long(a) << 32 >> 32)
	p = &@cast(task, "task_struct")->pid
	println(kernel_int(p) == tid(), " ",
		kernel_or_user_string_quoted(a), " ",
		kernel_string2(8, "bad"), " ", kernel_string_quoted(8))
	printf("%s %d %s\n", @cast(task, "task_struct")->comm$,
	       @cast(task, "task_struct")->comm[2],
	       @cast(task, "task_struct")->real_parent == 0 ? "no" : "yes")
}
"""

WRITES = r"""
	if (count == 7001)
		set_user_int(buf, user_int(buf) * 11 + 22)
	if (count == 7002) {
		set_user_string(buf + 1, "allo, " . execname())
		set_user_string_n(buf, 1, "H")
		@uderef(1, buf + 5)++
	}
"""

BAD_WRITES = r"""
	try { set_user_int(8, 1) } catch (m) { println(m) }
	set_user_string_arg(8, "x")
"""

WANTED = r"""aä€😀"a\u00e4\u20ac\U0001f600"
b😀"b\U0001f600"
no text
kernel read fault at 0x8
0x80x8 none
memory-test mem "memory-test"
"mem""memory-test\000\000""memory"..."t\000\000"
m 1 1 1
1 "memory-test" bad 0x8
"memory-test" 109 yes
"""


def byte_by_byte(m):
    return "".join(f"\\{b:o}" for b in chr(int(m[1], 16)).encode())


def features():
    out = subprocess.run([SPILE, "--dump-features"], capture_output=True,
                         text=True, check=True).stdout
    return out.strip().split(",")


def script():
    """Kernels that are locked down do not let BPF write."""
    can_write = "WRITE_USER" in features()
    text = SCRIPT.replace("LASTWRITES", BAD_WRITES if can_write else "")
    return text.replace("WRITES", WRITES if can_write else ""), can_write


def main():
    need_root()
    if os.uname().machine != "x86_64":
        sys.exit(77)
    text, can_write = script()
    wanted = WANTED
    # Without loops it quotes byte by byte (docs/architecture.md).
    if not {"BPF_LOOP", "MAY_GOTO"} & set(features()):
        wanted = re.sub(r"\\[uU]([0-9a-f]{4,8})", byte_by_byte, wanted)
    if can_write:
        wanted = wanted.replace("kernel read",
                                "user write fault at 0x8\nkernel read")
    with tempfile.TemporaryDirectory() as d:
        program, result = os.path.join(d, "p.py"), os.path.join(d, "result")
        with open(program, "w") as f:
            f.write(PROCESS)
        got = run(text, "-g", "-c", "%s -S %s %s" % (
            os.path.realpath(sys.executable), program, result))
        check(got[0] == 0, "%r" % (got,))
        check(got[1] == wanted, got[1] + got[2])
        check(not can_write or
              "WARNING: user write fault at 0x8\n" in got[2], got[2])
        with open(result) as f:
            written = f.read()
        check(written == ("77 Hallo- memory-test\n" if can_write else
                          "5 hello\n"), "written: " + written)


main()
