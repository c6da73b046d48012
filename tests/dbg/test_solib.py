#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc
#! timeout: 60
"""Shared libraries by name: those that the dynamic linker loads, as ldd says;
those that a process has mapped, also when their files are gone or it has
another root directory; programs by build-id."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOOL = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"),
                                    "elftool"))
bad = []


def sh(*argv, **kw):
    return subprocess.run(argv, check=True, capture_output=True, text=True,
                          **kw).stdout


def tool(*args, **env):
    r = subprocess.run([TOOL, *args], capture_output=True, text=True,
                       env=dict(os.environ, **env), timeout=20)
    return r.stdout + r.stderr


def expect(what, text, pattern):
    if not re.search(pattern, text, re.M):
        bad.append(f"{what}: no {pattern} in\n{text}")


def build(path, code, *flags):
    sh("gcc", "-x", "c", "-", "-o", path, "-x", "none", *flags, input=code)


def needed(path):
    """{name: path}"""
    return {line.split(" ")[0]: line.split(" ")[1]
            for line in tool(path, "needed").splitlines()}


def ldd(path):
    text = sh("ldd", path)
    found = {n: os.path.realpath(p)
             for n, p in re.findall(r"(\S+) => (/\S+) ", text)}
    for p in re.findall(r"^\t(/\S+) \(", text, re.M):
        found[os.path.basename(p)] = os.path.realpath(p)
    return found


def same(what, path):
    if needed(path) != ldd(path):
        bad.append(f"{what}: {needed(path)}\nnot {ldd(path)}")


def make_chain(d, tags):
    """prog needs lib/liba.so, that lib/deep/libb.so; both by $ORIGIN."""
    shutil.rmtree(d + "/lib", ignore_errors=True)
    os.makedirs(d + "/lib/deep")
    build(d + "/lib/deep/libb.so.1.2", "int b(void) { return 2; }",
          "-shared", "-fpic", "-Wl,-soname,libb.so.1")
    os.symlink("libb.so.1.2", d + "/lib/deep/libb.so.1")
    build(d + "/lib/liba.so", "int b(void); int a(void) { return b(); }",
          "-shared", "-fpic", "-Wl,-soname,liba.so", tags,
          "-Wl,-rpath,${ORIGIN}/deep", d + "/lib/deep/libb.so.1")
    build(d + "/prog", "#include <unistd.h>\nint a(void);\n"
          "int main(void) { a(); write(1, \"x\", 1); pause(); }", tags,
          "-Wl,-rpath,$ORIGIN/none:$ORIGIN/lib", d + "/lib/liba.so",
          "-Wl,--allow-shlib-undefined", "-Wl,--build-id")


def test_needed(d):
    for tags in "-Wl,--enable-new-dtags", "-Wl,--disable-new-dtags":
        make_chain(d, tags)
        same(tags, d + "/prog")
        expect("link", tool(d + "/prog", "needed", "libb*"),
               r"^libb\.so\.1 .*/deep/libb\.so\.1\.2 ")
    for program in "/bin/ls", sys.executable, shutil.which("gdb"):
        if program:
            same(program, program)
    expect("pattern", tool(d + "/prog", "needed", "libc.so.[5-7]"),
           r"\Alibc.so.6 /\S+ \S+\n\Z")
    expect("by path", tool(d + "/prog", "needed", d + "/lib/*"), "^liba.so")
    os.unlink(d + "/lib/liba.so")
    expect("missing", tool(d + "/prog", "needed"), "^liba.so  $")
    expect("none", tool(d + "/nothing", "needed"), "nothing: No such file")
    expect("find", tool(d + "/prog", "find", "libz.so.1"), r"^libz.so.1 /")
    expect("find", tool(d + "/prog", "find", "libq.so.77"),
           "there is no library 'libq.so.77'")


def test_hostile(d):
    """A search path of thousands of directories, for hundreds of libraries:
    the tool's time is limited."""
    names = [f"-Wl,--no-as-needed,{d}/many/l{i}.so" for i in range(300)]
    os.makedirs(d + "/many")
    for i in range(300):
        build(f"{d}/many/l{i}.so", "int x;", "-shared", "-nostdlib",
              f"-Wl,-soname,l{i}.so") if not i else \
            shutil.copy(d + "/many/l0.so", f"{d}/many/l{i}.so")
    with open(d + "/many/l0.so", "rb") as f:
        whole = f.read()
    for i in range(1, 300):
        with open(f"{d}/many/l{i}.so", "wb") as f:
            f.write(whole.replace(b"l0.so\0", b"%05d\0" % i))
    build(d + "/many/prog", "int main(void) { return 0; }", *names,
          "-Wl,-rpath," + ":".join(["/a"] * 20000))
    expect("hostile", tool(d + "/many/prog", "needed"), "^00299 ")


def test_interpreter(d):
    """The dynamic linker, which the program needs by another name, too."""
    ld = next(p for n, p in needed("/bin/true").items() if n.startswith("ld-"))
    os.symlink(ld, d + "/ld.so")
    build(d + "/prog", "int main(void) { return 0; }", "-Wl,--no-as-needed",
          ld, f"-Wl,--dynamic-linker={d}/ld.so")
    names = needed(d + "/prog")
    if "libc.so.6" not in names or "ld.so" in names:
        bad.append(f"interpreter: {names}")


def test_here(d):
    """By LD_LIBRARY_PATH, and by a path that begins where the program does."""
    os.makedirs(d + "/here/far")
    os.chdir(d + "/here")
    prog = d + "/here/prog"
    build("far/libfar.so", "int far(void) { return 1; }", "-shared", "-fpic",
          "-Wl,-soname,libfar.so")
    build("near.so", "int near(void) { return 1; }", "-shared", "-fpic")
    build("prog", "int far(void), near(void);"
          "int main(void) { return far() + near(); }", "./near.so",
          "far/libfar.so")
    where = f"^libfar.so {d}/here/far/libfar.so "
    for dirs in ("far", "/nowhere:far", d + "/here/far"):
        expect(dirs, tool(prog, "needed", LD_LIBRARY_PATH=dirs), where)
    expect("without", tool(prog, "needed"), "^libfar.so  $")
    expect("empty", tool(prog, "needed", LD_LIBRARY_PATH=""), "^libfar.so  $")
    expect(";", tool(prog, "needed", LD_LIBRARY_PATH="/nowhere;far"), where)
    os.chdir(d + "/here/far")
    for dirs in (":", "/nowhere:", ";/nowhere", "/nowhere::/no"):
        expect(f"current in {dirs}",
               tool(prog, "needed", LD_LIBRARY_PATH=dirs), where)
    os.chdir(d + "/here")
    expect("relative", tool(prog, "needed"),
           f"^./near.so {d}/here/near.so ")
    expect("by its name", tool(prog, "needed", "near*"), "^./near.so ")
    os.chdir("/")


def test_origin(d):
    """In LD_LIBRARY_PATH it is where the program is, also for what a library
    elsewhere needs."""
    os.makedirs(d + "/bin/more")
    os.makedirs(d + "/lib")
    build(d + "/bin/more/libinner.so", "int inner(void) { return 1; }",
          "-shared", "-fpic", "-Wl,-soname,libinner.so")
    build(d + "/lib/libouter.so", "int inner(void);"
          "int outer(void) { return inner(); }", "-shared", "-fpic",
          "-Wl,-soname,libouter.so", d + "/bin/more/libinner.so")
    build(d + "/bin/prog", "int outer(void);"
          "int main(void) { return outer(); }", d + "/lib/libouter.so",
          f"-Wl,-rpath,{d}/lib,-rpath-link,{d}/bin/more")
    expect("origin", tool(d + "/bin/prog", "needed",
                          LD_LIBRARY_PATH="$ORIGIN/more"),
           f"^libinner.so {d}/bin/more/libinner.so ")


def start(*argv, **kw):
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, **kw)
    p.stdout.read(1)
    return p


def test_mapped(d):
    make_chain(d, "-Wl,--enable-new-dtags")
    p = start(d + "/prog")
    try:
        text = tool(str(p.pid), "mapped")
        expect("program first", text, rf"\Aprog {d}/prog {d}/prog\n")
        expect("soname", text, r"^libb\.so\.1 \S+/libb\.so\.1\.2 ")
        build_id = re.search(r"Build ID: (\w+)",
                             sh("readelf", "-n", d + "/prog"))[1]
        expect("build-id", tool(build_id.upper(), "buildid"),
               rf"^{d}/prog$")
        os.unlink(d + "/lib/deep/libb.so.1.2")
        text = tool(str(p.pid), "mapped")
        expect("deleted", text, r"libb\.so\.1\.2 /proc/\d+/map_files/")
        if not os.geteuid():
            here = re.search(r"libb\S+ \S+ (\S+)$", text, re.M)[1]
            expect("deleted, its functions", tool(here, "functions", "b"),
                   "^b 0x")
    finally:
        p.kill()
        p.wait()
    expect("no process", tool(str(p.pid), "mapped"), "there is no process")
    expect("no build-id", tool("00" * 20, "buildid"),
           "there is no program with the build-id 0{40}; looked in")


def make_root(d):
    """A root directory with absolute links in it."""
    root = d + "/root"
    os.makedirs(root + "/opt/real")
    os.makedirs(root + "/usr/lib")
    os.symlink("usr/lib", root + "/lib")
    os.symlink("/opt/real/libx.so.1", root + "/usr/lib/libx.so")
    build(root + "/opt/real/libx.so.1", "int x(void) { return 2; }",
          "-shared", "-fpic", "-nostdlib", "-Wl,-soname,libx.so")
    build(root + "/prog", "int x(void); void _start(void) { x();\n"
          "__asm__(\"syscall\" :: \"a\"(1), \"D\"(1), \"S\"(\"x\"),"
          " \"d\"(1) : \"rcx\", \"r11\", \"memory\");\n"
          "for (;;) __asm__(\"syscall\" :: \"a\"(34) : \"rcx\", \"r11\");}",
          "-nostdlib", root + "/opt/real/libx.so.1")
    for path in needed("/bin/true"):
        if path.startswith("ld-"):
            os.makedirs(root + "/lib64")
            shutil.copy("/lib64/" + path, root + "/lib64/" + path)
    return root


def test_root(d):
    root = make_root(d)
    with open(root + "/world.conf", "w", encoding="utf-8") as f:
        f.write("release = 6.1\nmachine = x86_64\n")
    text = tool("/prog", "needed", SPILE_WORLD=root)
    expect("world", text, r"^libx.so /opt/real/libx.so.1 /opt/real/")
    if os.geteuid() or not os.path.isdir(root + "/lib64"):
        return
    p = start("/prog", preexec_fn=lambda: os.chroot(root), cwd="/")
    try:
        expect("chroot", tool(str(p.pid), "mapped"),
               rf"^libx.so \S+ {root}/opt/real/libx.so.1$")
        here = f"/proc/{p.pid}/root"
        expect("the chroot's file", tool(here + "/opt/real/libx.so.1",
                                         "functions", "x"), "^x 0x")
    finally:
        p.kill()
        p.wait()


def main():
    for test in (test_needed, test_interpreter, test_here, test_origin, test_mapped,
                 test_root, test_hostile):
        with tempfile.TemporaryDirectory() as d:
            test(os.path.realpath(d))
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
