#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf modprobe ip
"""A tracepoint of a module that comes while the script runs, and, when it is
there, with its arguments where the module has BTF: a block device that we
serve ourselves is read from once."""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading
import time

LATER = """
probe module("nbd").trace("nbd_send_request") { seen[pp()]++ }
probe module("nbd").trace("nbd_send_req*") {
    seen[$arg1 ? "a pointer" : "nothing"]++
}
global seen
probe end { foreach (what+ in seen) println(what) delete seen }
"""
LATER_WANTED = """a pointer
module("nbd").trace("nbd_send_request")
"""
# By a pattern of installed modules; and, with its module's BTF, by its name.
PATTERN = """
probe module("nb[d]").trace("nbd_send_request") { seen["pattern"]++ }
probe kernel.trace("nbd_send_request") ? {
    seen[sprintf("request %d of %d", $rq != 0, $index)]++
}
global seen
probe end { foreach (what+ in seen) println(what) delete seen }
"""
PATTERN_WANTED = """pattern
request 1 of 0
"""
NAMES = """
probe kernel.trace("nbd_send_request") {
    seen[sprintf("request %d of %d", $rq != 0, $index)]++
}
probe kernel.trace("nbd:nbd_send_req*") {
    seen[sprintf("%x", $nbd_request->magic)]++
}
global seen
probe end { foreach (what+ in seen) println(what) delete seen }
"""
NAMES_WANTED = """13956025
request 1 of 0
"""
SET_SOCK, SET_BLKSIZE, SET_SIZE, DO_IT, CLEAR_SOCK = (0xab00 + i
                                                      for i in range(5))


def refuse(server):
    """Answers each request with an error."""
    while True:
        request = server.recv(28, socket.MSG_WAITALL)
        if len(request) < 28:
            return
        server.sendall(struct.pack(">II", 0x67446698, 5) + request[8:16])


def serve():
    """Makes /dev/nbd0, and reads from it in vain."""
    subprocess.run(["ip", "link", "set", "lo", "up"])
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    server = listener.accept()[0]
    with open("/dev/nbd0", "rb", buffering=0) as device:
        for request, value in ((SET_SOCK, client.fileno()),
                               (SET_BLKSIZE, 4096), (SET_SIZE, 1 << 20)):
            fcntl.ioctl(device, request, value)
        if not os.fork():
            server.close()
            try:
                fcntl.ioctl(device, DO_IT)
            finally:
                os._exit(0)
        threading.Thread(target=refuse, args=[server], daemon=True).start()
        time.sleep(0.5)
        try:
            device.read(4096)
        except OSError:
            pass
        server.shutdown(socket.SHUT_RDWR)
        os.wait()
        fcntl.ioctl(device, CLEAR_SOCK)


def run(script, command):
    return subprocess.run([os.environ["SPILE"], "-e", script, "-c", command],
                          capture_output=True, text=True, timeout=300)


def differs(done, wanted):
    if done.stdout == wanted and not done.returncode:
        return False
    print(f"status {done.returncode}\nwanted {wanted}got {done.stdout}"
          f"{done.stderr}")
    return True


def main():
    if subprocess.run(["modprobe", "-n", "nbd"],
                      capture_output=True).returncode:
        print("the module 'nbd' is not to be had")
        return 77
    subprocess.run(["rmmod", "nbd"], capture_output=True)
    me = f"{sys.executable} -S {os.path.abspath(__file__)} serve"
    done = run(LATER, "modprobe nbd max_part=0; sleep 1; " + me)
    if differs(done, LATER_WANTED):
        return 1
    done = run(NAMES, me)
    if os.path.exists("/sys/kernel/btf/nbd"):
        if differs(done, NAMES_WANTED):
            return 1
    elif "whose arguments no BTF describes" not in done.stderr:
        print(done.stdout + done.stderr)
        return 1
    subprocess.run(["rmmod", "nbd"])
    done = run(PATTERN, "modprobe nbd max_part=0; sleep 1; " + me)
    wanted = (PATTERN_WANTED if os.path.exists("/sys/kernel/btf/nbd") else
              PATTERN_WANTED.splitlines()[0] + "\n")
    if differs(done, wanted):
        return 1
    # Nothing of ours holds it any more.
    return subprocess.run(["rmmod", "nbd"]).returncode


if sys.argv[1:] == ["serve"]:
    serve()
else:
    sys.exit(main())
