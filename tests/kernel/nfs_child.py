# SPDX-License-Identifier: GPL-2.0-or-later
"""What test_nfs.py looks at: this machine serves a directory by NFS to itself,
mounts it with version 3, and works there.  What rpcbind and mountd would answer
is answered here.  Says what it knows in lines "KNOW WORD what it is"."""
import ctypes
import fcntl
import mmap
import os
import socket
import struct
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
SHARE, MOUNT, STATE = "/srv/spile", "/mnt/spile", "/proc/fs/nfsd"
MNT_DETACH = 2
NUMBER = {}     # the file handle of SHARE, when it is known


def know(word, what):
    print(f"KNOW {word} {what}", flush=True)


def lacks(what):
    print(f"LACKS {what}", flush=True)
    os._exit(0)


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def mount(source, target, kind, options=""):
    os.makedirs(target, exist_ok=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), 0,
                  options.encode()):
        lacks(f"mount {kind}: {os.strerror(ctypes.get_errno())}")


# ---- rpcbind and mountd ----

def answer(call):
    """The reply to one call: yes, or the handle of the directory."""
    xid, _, _, program, _, procedure = struct.unpack("!6I", call[:24])
    head = struct.pack("!6I", xid, 1, 0, 0, 0, 0)
    if not procedure or (program == 100005 and procedure == 3):
        return head
    if program == 100005:
        handle = NUMBER["handle"]
        pad = bytes(-len(handle) % 4)
        return head + struct.pack("!II", 0, len(handle)) + handle + pad + \
            struct.pack("!II", 1, 1)
    return head + struct.pack("!I", 1)


def read_all(s, n):
    data = b""
    while len(data) < n:
        part = s.recv(n - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def serve(s):
    try:
        while True:
            n = struct.unpack("!I", read_all(s, 4))[0] & 0x7fffffff
            reply = answer(read_all(s, n))
            s.sendall(struct.pack("!I", 0x80000000 | len(reply)) + reply)
    except (EOFError, OSError):
        s.close()


def listen(server):
    server.listen(8)
    while True:
        s, _ = server.accept()
        threading.Thread(target=serve, args=(s,), daemon=True).start()


def start(family, address):
    s = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(address)
    threading.Thread(target=listen, args=(s,), daemon=True).start()


# ---- the server ----

def share():
    os.makedirs(SHARE, exist_ok=True)
    mount("spile", SHARE, "tmpfs")
    mount("nfsd", STATE, "nfsd")
    start(socket.AF_UNIX, "/run/rpcbind.sock")
    start(socket.AF_INET, ("127.0.0.1", 111))
    start(socket.AF_INET, ("127.0.0.1", 20048))
    until = int(time.time()) + 3600
    caches = "/proc/net/rpc"
    write(f"{caches}/auth.unix.ip/channel", f"nfsd 127.0.0.1 {until} spile\n")
    # By its number 7; anyone's port; not root as nobody.
    write(f"{caches}/nfsd.export/channel",
          f"spile {SHARE} {until} {0x2000 | 0x400 | 2} 65534 65534 7\n")
    write(f"{caches}/nfsd.fh/channel",
          f"spile 1 \\x07000000 {until} {SHARE}\n")
    write(f"{STATE}/versions", "+3 -4\n")
    write(f"{STATE}/portlist", "tcp 2049\n")
    write(f"{STATE}/threads", "2\n")
    with open(f"{STATE}/filehandle", "r+b", buffering=0) as f:
        f.write(f"spile {SHARE} 64\n".encode())
        handle = f.read(300).decode().strip()
    NUMBER["handle"] = bytes.fromhex(handle.replace("\\x", ""))


# ---- the client ----

def path(name):
    return os.path.join(MOUNT, name)


def forget(fd):
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def write_and_read():
    fd = os.open(path("file"), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
    st = os.fstat(fd)
    device = f"{os.major(st.st_dev)}:{os.minor(st.st_dev)}"
    know("FILE", f"{device} {st.st_ino}")
    know("OPENED", f"{device} {st.st_ino} 10000")
    know("DEVICE", device)
    know("INODE", st.st_ino)
    os.write(fd, b"x" * 10000)
    os.fsync(fd)
    fcntl.lockf(fd, fcntl.LOCK_EX, 10, 5)
    os.lseek(fd, 7, os.SEEK_SET)
    forget(fd)
    # Into a page that is not here, and so is read.
    os.pwrite(fd, b"partial", 4096 + 5)
    forget(fd)
    os.close(fd)
    fd = os.open(path("file"), os.O_RDONLY)
    os.pread(fd, 200, 100)
    with mmap.mmap(fd, 10000, prot=mmap.PROT_READ) as m:
        m[5000]
    out = os.open("/dev/null", os.O_WRONLY)
    reader, writer = os.pipe()
    os.splice(fd, writer, 50, offset_src=0)
    os.close(out)
    os.close(fd)
    os.close(reader)
    os.close(writer)


def big():
    """Several writes, which are committed."""
    fd = os.open(path("big"), os.O_WRONLY | os.O_CREAT, 0o600)
    for i in range(6):
        os.pwrite(fd, b"y" * (1 << 20), i << 20)
    os.fsync(fd)
    os.close(fd)


def half_known():
    """A page of which only a part is known is written before it is read."""
    fd = os.open(path("half"), os.O_WRONLY | os.O_CREAT, 0o600)
    os.ftruncate(fd, 8192)
    other = os.open(path("half"), os.O_RDONLY)
    os.pwrite(fd, b"half", 4100)
    os.pread(other, 100, 4096)
    os.close(other)
    os.close(fd)


def names():
    os.mkdir(path("directory"), 0o750)
    os.path.exists(path("nothing"))
    os.rename(path("file"), path("renamed"))
    fd = os.open(path("renamed"), os.O_RDONLY)
    os.unlink(path("renamed"))      # is open: it is only renamed
    os.close(fd)
    os.unlink(path("big"))


def take_down():
    """So that it can be done again."""
    libc.umount2(MOUNT.encode(), 0)
    write(f"{STATE}/threads", "0\n")
    for cache in ("auth.unix.ip", "nfsd.export", "nfsd.fh"):
        write(f"/proc/net/rpc/{cache}/flush", f"{int(time.time()) + 1}\n")
    for directory in (STATE, SHARE):
        libc.umount2(directory.encode(), MNT_DETACH)


def main():
    share()
    mount("127.0.0.1:" + SHARE, MOUNT, "nfs", "vers=3,proto=tcp,nolock,"
          "addr=127.0.0.1,mountaddr=127.0.0.1,mountproto=tcp,"
          "mountport=20048,port=2049,mountvers=3")
    write_and_read()
    big()
    half_known()
    names()
    take_down()


main()
sys.stdout.flush()
os._exit(0)
