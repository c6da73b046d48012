#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! serial: yes
"""Packets at the hooks of netfilter: as many as were sent."""
import ctypes
import fcntl
import os
import socket
import struct
import sys

from live import SKIP, check, need_root, run, Session

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
PACKETS = 7


def own_network():
    """Nobody else's packets, and a loopback that is up."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        print("no network namespaces")
        sys.exit(SKIP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", 1))


def send(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as to, \
            socket.socket(family, socket.SOCK_DGRAM) as s:
        to.bind((address, 0))
        s.bind((address, 0))
        for _ in range(PACKETS):
            s.sendto(b"hello", to.getsockname()[:2])
        return s.getsockname()[1], to.getsockname()[1]


def counts():
    hooks = {"NF_INET_LOCAL_OUT": '', "NF_INET_POST_ROUTING": '',
             "NF_IP_PRE_ROUTING": '.priority("-5")',
             "NF_INET_LOCAL_IN": '.priority("NF_IP_PRI_FIRST")'}
    script = "global n " + "".join(
        'probe netfilter.hook("%s").pf("NFPROTO_IPV4")%s '
        '{ if ($hooknum >= 0 && $skb->len == 33) n["%s"]++ } ' %
        (hook, more, hook) for hook, more in hooks.items())
    session = Session(script + "probe end { foreach (h+ in n) "
                      "println(h, ' ', n[h]) }".replace("'", '"'))
    send(socket.AF_INET, "127.0.0.1")
    got = session.stop()
    check(got[1] == "".join("%s %d\n" % (hook, PACKETS)
                            for hook in sorted(hooks)), "%r" % (got,))


def values():
    script = ('global n probe netfilter.%s.local_out { if (n++ == 0) '
              'printf("%%s %%s [%%s] %%s %%d %%s %%s %%d %%d %%d %%d\\n", '
              'name, pf, indev_name, outdev_name, protocol == ipproto_udp, '
              'saddr, daddr, sport, dport, length, syn) '
              'printf("%%s %%d %%d\\n", execname(), pid(), uid()) }')
    me = "%s %d 0" % (open("/proc/self/comm").read().strip(), os.getpid())
    for family, address, name, size in (
            (socket.AF_INET, "127.0.0.1", "ipv4", 33),
            (socket.AF_INET6, "::1", "ipv6", 53)):
        session = Session(script % "ip")
        try:
            sport, dport = send(family, address)
        except OSError:
            session.stop()
            continue
        got = session.stop()
        text = address if name == "ipv4" else \
            "0000:0000:0000:0000:0000:0000:0000:0001"
        check(got[1].splitlines() == [
            "netfilter.%s.local_out %s [] lo 1 %s %s %d %d %d 0" %
            (name, name, text, text, sport, dport, size)] + [me] * PACKETS,
            "%s: %r" % (name, got))


def together():
    """Sessions at the same hook do not get in each other's way."""
    script = ('global n probe netfilter.ipv4.local_out { if (length == 33) '
              'n++ } probe end { println(n) }')
    sessions = [Session(script) for _ in range(3)]
    send(socket.AF_INET, "127.0.0.1")
    for s in sessions:
        got = s.stop()
        check(got[1] == "%d\n" % PACKETS, "%r" % (got,))


def goes_on():
    """A handler that fails or is skipped drops nothing."""
    session = Session('global z probe netfilter.ipv4.local_out { '
                      'println(1 / z) }', "-DMAXERRORS=100")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(5)
        s.sendto(b"hello", s.getsockname())
        check(s.recv(9) == b"hello", "the packet")
    check("division by 0" in session.stop()[2], "the error")


def verdicts():
    """$verdict = nf_drop: only what it is said of is not received."""
    script = ('probe netfilter.ipv4.local_in { if (length == 31) '
              '{ $verdict = nf_drop n++ if ($verdict == nf_drop) m++ } } '
              'global n, m probe end { println(n, " ", m) }')
    session = Session(script, "-g")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(5)
        for text in (b"hello", b"you", b"there"):
            s.sendto(text, s.getsockname())
        check([s.recv(9), s.recv(9)] == [b"hello", b"there"], "the packets")
    got = session.stop()
    check(got[1] == "1 1\n", "%r" % (got,))
    got = run(script)
    check(got[0] == 1 and "-g" in got[2], "%r" % (got,))


def main():
    need_root()
    own_network()
    got = run('probe netfilter.hook("NF_INET_LOCAL_OUT").pf("NFPROTO_IPV4") '
              '{ exit() }', "-T", "1")
    if "has no BPF programs at the hooks of netfilter" in got[2]:
        check(got[0] == 1, "it says so")
        print("no netfilter programs")
        sys.exit(SKIP)
    counts()
    values()
    together()
    goes_on()
    verdicts()


main()
