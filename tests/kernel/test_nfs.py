#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf FENTRY
#! timeout: 200
"""What nfs.*, nfsd.* and sunrpc.* say of a machine that serves a directory to
itself (nfs_child.py), where the kernel has NFS."""
import os
import re
import subprocess
import sys

import alias_rows

HERE = os.path.dirname(os.path.abspath(__file__))
CHILD = f"{sys.executable} -S {os.path.join(HERE, 'nfs_child.py')}"
FILE = 'MAJOR(dev), ":", MINOR(dev), " ", ino'
ON = 'MAJOR(dev), ":", MINOR(dev)'
WHO = 'client_ip, " ", version, " ", proto, " ", uid, gid, " "'
SERVER = 'server_ip, " ", version, " ", prot, " "'
CALL = 'progname, " ", prog, " ", vers, " ", prot, " "'
US = r"127\.0\.0\.1 3 6 "
RQ = 'rq_prog, " ", rq_vers, " ", rq_prot, " ", peer_ip'

CLIENT = {
    "nfs.fop.open": ('file_name == "file" && !(flag & 3)',
                     f'{FILE}, " ", i_size', "OPENED"),
    "nfs.fop.release": ("1", f"{ON}, ino > 0, mode & 3", r"\d+:\d+1[123]"),
    "nfs.fop.read_iter": ("pos == 100", f'{FILE}, " ", count, parent_name, '
                          "file_name, attrtimeo > 0, cache_time > 0",
                          r"\d+:\d+ \d+ 200/file11"),
    "nfs.fop.aio_read": ("pos == 100", f'{ON}, " ", count, file_name, buf != 0',
                         r"\d+:\d+ 200file1"),
    "nfs.fop.read": ("pos == 100", "devname", "DEVICE"),
    "nfs.fop.write_iter": ("count == 10000", f"{FILE}", "FILE"),
    "nfs.fop.aio_write": ("count == 10000", 'pos, file_name, parent_name, '
                          "buf != 0", "0file/1"),
    "nfs.fop.write": ("count == 10000", "devname", "DEVICE"),
    "nfs.fop.flush": ("mode & 2", f'{ON}, ino > 0', r"\d+:\d+1"),
    "nfs.fop.fsync": ("ndirty == 3", FILE, "FILE"),
    "nfs.fop.llseek": ("offset == 7", 'whence, whence_str, ino', r"0SEEK_SET\d+"),
    "nfs.fop.check_flags": ("1", "flag & 3", "[012]"),
    "nfs.fop.lock": ("fl_start == 5", f'fl_end, " ", fl_type, cmd, fl_flag & 1,'
                     '" ", i_mode & 0xfff', r"14 171 416"),
    "nfs.fop.mmap": ("1", 'file_name, parent_name, vm_end - vm_start, '
                     "buf == vm_start, attrtimeo > 0", "file/1228811"),
    "nfs.fop.sendfile": ("count == 50", "ino", "INODE"),
    "nfs.aop.readpage": ("i_size == 10000", 'page_index, " ", ino, " ", '
                         "rsize > 4095, __page != 0", r"1 \d+ 11"),
    "nfs.aop.readpages": ("1", 'ino > 0, nr_pages > 0, rpages == rsize / 4096',
                          "111"),
    "nfs.aop.release_page": ("1", "ino > 0, size, __page != 0", "111"),
    "nfs.aop.set_page_dirty": ("1", "page_flag != 0, __page != 0", "11"),
    "nfs.aop.write_begin": ("offset == 5", 'page_index, " ", size, " ", to',
                            "7 12|1 7 12"),
    "nfs.aop.write_end": ("offset == 5", 'page_index, " ", size, " ", to, " ",'
                          "i_size", "1 7 12 10000"),
    "nfs.aop.writepage": ("1", 'page_index, " ", wsize > 4095, for_kupdate',
                          r"1 10"),
    "nfs.aop.writepages": ("1", "ino > 0, wpages == wsize / 4096, size == "
                           "nr_to_write", "111"),
    "nfs.proc.lookup": ('filename == "nothing"', f"{SERVER}, name_len",
                        US + "7"),
    "nfs.proc.open": ('filename == "file"', f"{SERVER}, flag & 3", US + "[02]"),
    "nfs.proc.release": ('filename == "file"', f"{SERVER}, flag & 3",
                         US + "[02]"),
    "nfs.proc.create": ('filename == "file"', f'{SERVER}, filelen, " ", '
                        "flag >= 0, substr(fh, 0, 3)", US + r"4 1\d+:.*"),
    "nfs.proc.remove": ('filename == "big"', f"{SERVER}, filelen", US + "3"),
    "nfs.proc.rename": ('old_name == "file"', f'{SERVER}, new_name, " ", '
                        'old_filelen, new_filelen, old_fh == new_fh',
                        US + "renamed 471"),
    "nfs.proc.rename_setup": ("1", f'{SERVER}, fh != ""', US + "1"),
    "nfs.proc.rename_done": ("1", f'{SERVER}, status, old_fh == new_fh',
                             US + "01"),
    "nfs.proc.read_setup": ("1", f'{SERVER}, offset, " ", count > 0, '
                            "size == count", US + r"\d+ 11"),
    "nfs.proc.read_done": ("1", f'{SERVER}, status >= 0, count > 0, '
                           "timestamp", US + "110"),
    "nfs.proc.write_setup": ("count == 10000", f'{SERVER}, offset, " ", size, '
                             "how", US + r"0 10000[012]"),
    "nfs.proc.write_done": ("count == 10000", f'{SERVER}, status >= 0, '
                            "valid != 0, timestamp", US + "110"),
    "nfs.proc.commit_setup": ("1", f'{SERVER}, offset, " ", size == count',
                              US + r"\d+ 1"),
    "nfs.proc.commit_done": ("1", f'{SERVER}, status', US + "0"),
}
SERVERS = {
    "nfsd.dispatch": ("proc == 1", 'client_ip, " ", prog, " ", version, " ", '
                      'proto, " ", xid != 0', r"127\.0\.0\.1 100003 3 6 1"),
    "nfsd.lookup": ('filename == "nothing"', 'client_ip, " ", filelen, " ", fh, '
                    "name", r"127\.0\.0\.1 7 \d+: .*nfsd\.lookup"),
    "nfsd.open": ("1", 'client_ip, " ", fh, " ", type == 0x8000, access > 0',
                  r"127\.0\.0\.1 \d+: .* 11"),
    "nfsd.read": ("1", 'client_ip, " ", size == count, count > 0, offset >= 0, '
                  "file != 0, name", r"127\.0\.0\.1 1111nfsd\.read"),
    "nfsd.write": ("size == 10000", 'client_ip, " ", offset, " ", count, '
                   "file != 0", r"127\.0\.0\.1 0 100001"),
    "nfsd.commit": ("1", 'client_ip, " ", offset, " ", size == count',
                    r"127\.0\.0\.1 \d+ 1"),
    "nfsd.unlink": ('filename == "big"', 'client_ip, " ", filelen, " ", type '
                    ">= -0x4000", r"127\.0\.0\.1 3 1"),
    "nfsd.create": ('filename == "directory"', 'client_ip, " ", filelen, " ", '
                    'type, " ", iap_mode & 0xfff, " ", iap_valid & 1',
                    r"127\.0\.0\.1 9 16384 488 1"),
    "nfsd.createv3": ('filename == "big"', 'client_ip, " ", filelen, " ", '
                      "createmode", r"127\.0\.0\.1 3 0"),
    "nfsd.rename": ('filename == "file"', 'client_ip, " ", tname, " ", flen, '
                    "fh == tfh", r"127\.0\.0\.1 renamed.* 41"),
    "nfsd.close": ('filename == "big"', "filename", "big"),
    "nfsd.proc.lookup": ('filename == "nothing"', f"{WHO}, filelen",
                         US + "00 7"),
    "nfsd.proc.create": ('filename == "file"', f"{WHO}, filelen", US + "00 4"),
    "nfsd.proc.remove": ('filename == "big"', f"{WHO}, filelen", US + "00 3"),
    "nfsd.proc.rename": ('filename == "file"', 'client_ip, " ", uid, gid, " ", '
                         'tname, " ", flen, tlen', r"127\.0\.0\.1 00 renamed "
                         "47"),
    "nfsd.proc.read": ("1", f'{WHO}, size == count, count > 0, offset >= 0',
                       US + "00 111"),
    "nfsd.proc.write": ("count == 10000", f'{WHO}, offset, " ", size, stable, '
                        "vlen", US + r"00 0 10000[012]1"),
    "nfsd.proc.commit": ("1", f"{WHO}, size == count, offset >= 0",
                         US + "00 11"),
}
RPC = {
    "sunrpc.clnt.create_client": ('progname == "nfs"', f'{CALL}, port, " ", '
                                  'servername, " ", authflavor > 0',
                                  r"nfs 100003 3 6 2049 127\.0\.0\.1 1|"
                                  r"nfs 100003 3 6 2049 127\.0\.0\.1 0"),
    "sunrpc.clnt.clone_client": ('progname == "nfs"', f'{CALL}, servername',
                                 r"nfs 100003 3 6 127\.0\.0\.1"),
    "sunrpc.clnt.shutdown_client": (
        'progname == "nfs"', f'{CALL}, servername, rpccnt > 0, clones, '
        "tasks >= 0", r"nfs 100003 3 6 127\.0\.0\.1101"),
    "sunrpc.clnt.bind_new_program": (
        'progname == "nfsacl"', 'old_progname, " ", old_prog, old_vers, " ", prog, vers, " ", '
        "servername", r"nfs 1000033 1002273 127\.0\.0\.1"),
    "sunrpc.clnt.call_sync": ('procname == "GETATTR" || procname == "LOOKUP" || '
                              'procname == "CREATE"', f'{CALL}, port',
                              "nfs 100003 3 6 2049"),
    "sunrpc.clnt.call_async": ("1", f'{CALL}, servername != ""', r"\w+ \d+ \d+ "
                               r"\d+ 1"),
    "sunrpc.sched.new_task": ("prog == 100003", 'vers, " ", prot, tk_flags >= 0',
                              "3 61"),
    "sunrpc.sched.execute": ("prog == 100003", 'vers, " ", prot, tk_pid >= 0',
                             "3 61"),
    "sunrpc.sched.release_task": ("prog == 100003", 'vers, " ", prot',
                                  "3 6"),
    "sunrpc.svc.process": ("rq_prog == 100003 && rq_proc == 1", f'{RQ}, " ", '
                           'sv_name, " ", sv_nrthreads, rq_xid != 0, sv_prog',
                           r"100003 3 6 127\.0\.0\.1 nfsd 21100003"),
    "sunrpc.svc.recv": ('sv_name == "nfsd"', 'sv_nrthreads, " ", sv_prog',
                        r"\d 100003"),
    "sunrpc.svc.send": ("rq_prog == 100003 && rq_proc == 1", f'{RQ}, " ", '
                        "sv_name", r"100003 3 6 127\.0\.0\.1 nfsd"),
    "sunrpc.svc.authorise": ("1", "name", r"sunrpc\.svc\.authorise"),
    "sunrpc.svc.register": ('sv_name == "nfsd"', 'prog, " ", progname, " ", '
                            'prot, " ", port', r"100003 nfsd 6 (0|2049)"),
    "sunrpc.svc.destroy": ('sv_name == "nfsd"', 'sv_prog, " ", sv_progname, '
                           '" ", sv_nrthreads, rpccnt > 0, rpcbadfmt',
                           "100003 nfsd 010"),
}
MAY_LACK = {"nfs.fop.check_flags", "nfs.aop.release_page", "nfs.aop.writepage",
            "nfs.aop.readpage", "sunrpc.clnt.shutdown_client", "sunrpc.clnt.call_sync", "sunrpc.clnt.call_async",
            "sunrpc.svc.register",
            # Of Linux 6.5 and later.
            "nfs.fop.sendfile"}


def main():
    for module in ("nfsd", "nfsv3", "nfsv4"):
        r = subprocess.run(["modprobe", module], check=False,
                           capture_output=True, text=True)
        if r.returncode:
            print(r.stderr)
            sys.exit(77)
    if not os.path.exists("/sys/kernel/btf/nfsd"):
        print("no types of modules")
        sys.exit(77)
    rows = {**CLIENT, **SERVERS, **RPC}
    said = alias_rows.run(rows, CHILD, MAY_LACK)
    lacks = re.search("^LACKS (.*)$", said, re.M)
    if lacks:
        print(lacks[0])
        sys.exit(77)
    sys.exit(1 if alias_rows.look(rows, said, MAY_LACK) else 0)


main()
