"""A file system in memory, served over /dev/fuse without a library, that stops answering on demand.

    stalling_fuse.py MOUNT-POINT CONTROL-DIRECTORY UID

Nothing is kept by the kernel: every look asks here. A name that starts with "stuck" is never answered; while
CONTROL/hang exists, nothing is; while CONTROL/hang-flush does, no close of a file. A directory whose name starts with
"late" is removed, and its caller told only when it is interrupted. While CONTROL/folds exists, a name is found in letters of
either case and every form (Unicode's), and with dots and blanks at its end. While CONTROL/hides exists, what is removed or
replaced stays under another name, as libfuse does with what is open. CONTROL/ready is there once it is mounted and served,
CONTROL/met once something was left unanswered. It ends when it is unmounted, or killed; then the kernel fails what waits.
"""

import ctypes
import errno
import os
import pathlib
import stat
import struct
import sys
import unicodedata

MNT_DETACH = 2
PARALLEL_DIROPS = 1 << 18  # else a look that hangs holds up all others in its directory
LOOKUP, FORGET, GETATTR, SETATTR, READLINK, SYMLINK, MKNOD, MKDIR, UNLINK, RMDIR, RENAME = (
    1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12)
OPEN, READ, WRITE, STATFS, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR = (
    14, 15, 16, 17, 18, 25, 26, 27, 28, 29)
CREATE, INTERRUPT, BATCH_FORGET, RENAME2 = 35, 36, 42, 45
libc = ctypes.CDLL(None, use_errno=True)


def mount(point, uid):
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id={uid},group_id={uid},allow_other,default_permissions"
    if libc.mount(b"stalling", os.fsencode(point), b"fuse.stalling", 0, options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return device


def unmount(point):
    return libc.umount2(os.fsencode(point), MNT_DETACH) == 0


def folded(name):
    return unicodedata.normalize("NFKC", name.decode(errors="surrogateescape")).casefold().rstrip(". ")


class Node:
    def __init__(self, number, mode):
        self.number, self.mode, self.bytes, self.entries = number, mode, bytearray(), {}


class Server:
    def __init__(self, device, control, uid):
        self.device, self.control, self.uid = device, control, uid
        self.nodes = {1: Node(1, stat.S_IFDIR | 0o755)}
        self.last = 1
        self.late = {}

    def make(self, parent, name, mode, content=b""):
        self.last += 1
        node = self.nodes[self.last] = Node(self.last, mode)
        node.bytes[:] = content
        self.nodes[parent].entries[name] = node
        return node

    def attributes(self, node):
        return struct.pack("<6Q10I", node.number, len(node.bytes), 1, 0, 0, 0, 0, 0, 0, node.mode, 1, self.uid,
                           self.uid, 0, 4096, 0)

    def entry(self, node):
        return struct.pack("<4Q2I", node.number, 0, 0, 0, 0, 0) + self.attributes(node)

    def spelt(self, parent, name):
        entries = self.nodes[parent].entries
        if name not in entries and (self.control / "folds").exists():
            name = next((other for other in entries if folded(other) == folded(name)), name)
        return name

    def remove(self, parent, name):
        node = self.nodes[parent].entries.pop(name)
        if (self.control / "hides").exists():
            self.nodes[parent].entries[b".hidden-" + name] = node

    def child(self, parent, name):
        node = self.nodes[parent].entries.get(self.spelt(parent, name))
        if node is None:
            raise OSError(errno.ENOENT, "")
        return node

    def unanswered(self, opcode, body):
        names = body.split(b"\0")
        stuck = opcode in (LOOKUP, CREATE, MKNOD, MKDIR, UNLINK, RMDIR) and any(
            name.rpartition(b"\x00")[2].startswith(b"stuck") for name in names)
        closes = opcode == FLUSH and (self.control / "hang-flush").exists()
        if stuck or closes or (self.control / "hang").exists():
            (self.control / "met").touch()
            return True
        return False

    def answer(self, opcode, node, body):
        name = body.rstrip(b"\0")
        if opcode == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 65536, PARALLEL_DIROPS, 16, 12, 65536, 1, 0, 0, *[0] * 8)
        if opcode == LOOKUP:
            return self.entry(self.child(node, name))
        if opcode in (GETATTR, SETATTR):
            if opcode == SETATTR:
                self.change(self.nodes[node], body)
            return struct.pack("<Q2I", 0, 0, 0) + self.attributes(self.nodes[node])
        if opcode == READLINK:
            return bytes(self.nodes[node].bytes)
        if opcode == SYMLINK:
            made, target = body.split(b"\0")[:2]
            return self.entry(self.make(node, made, stat.S_IFLNK | 0o777, target))
        if opcode == MKNOD:
            return self.entry(self.make(node, body[16:].rstrip(b"\0"), struct.unpack_from("<I", body)[0]))
        if opcode == MKDIR:
            mode = stat.S_IFDIR | (struct.unpack_from("<I", body)[0] & 0o777)
            return self.entry(self.make(node, body[8:].rstrip(b"\0"), mode))
        if opcode == CREATE:
            mode = stat.S_IFREG | (struct.unpack_from("<2I", body)[1] & 0o777)
            return self.entry(self.make(node, body[16:].rstrip(b"\0"), mode)) + struct.pack("<Q2I", 0, 1, 0)
        if opcode in (UNLINK, RMDIR):
            self.child(node, name)
            self.remove(node, self.spelt(node, name))
            return b""
        if opcode in (RENAME, RENAME2):
            fixed = 8 if opcode == RENAME else 16
            old, new = body[fixed:].split(b"\0")[:2]
            moved = self.child(node, old)
            del self.nodes[node].entries[self.spelt(node, old)]
            to = struct.unpack_from("<Q", body)[0]
            new = self.spelt(to, new)
            if new in self.nodes[to].entries:
                self.remove(to, new)
            self.nodes[to].entries[new] = moved
            return b""
        return self.content(opcode, node, body)

    def content(self, opcode, node, body):
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<Q2I", 0, 1, 0)  # direct: nothing is kept
        if opcode in (READ, READDIR):
            _, offset, size = struct.unpack_from("<2QI", body)
            held = self.nodes[node].bytes if opcode == READ else self.listing(self.nodes[node])
            return bytes(held[offset:offset + size])
        if opcode == WRITE:
            _, offset, size = struct.unpack_from("<2QI", body)
            self.nodes[node].bytes[offset:offset + size] = body[40:40 + size]
            return struct.pack("<2I", size, 0)
        if opcode == STATFS:
            return struct.pack("<5Q5I", 1000, 1000, 1000, 1000, 1000, 4096, 255, 4096, 0, 0).ljust(80, b"\0")
        if opcode in (RELEASE, RELEASEDIR, FLUSH):
            return b""
        raise OSError(errno.ENOSYS, "")

    @staticmethod
    def change(node, body):
        valid, = struct.unpack_from("<I", body)
        if valid & 1:
            node.mode = stat.S_IFMT(node.mode) | (struct.unpack_from("<I", body, 68)[0] & 0o7777)
        if valid & 8:
            size, = struct.unpack_from("<Q", body, 16)
            node.bytes[:] = node.bytes[:size].ljust(size, b"\0")

    @staticmethod
    def listing(node):
        out = b""
        for name, entry in node.entries.items():
            record = len(out) + (24 + len(name) + 7) // 8 * 8
            out += struct.pack("<2Q2I", entry.number, record, len(name), stat.S_IFMT(entry.mode) >> 12) + name
            out = out.ljust(record, b"\0")
        return out

    def write(self, told):
        try:
            os.write(self.device, told or b"")
        except OSError:
            pass  # nobody waits any more

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 20)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EINTR, errno.EAGAIN):
                    continue  # it was withdrawn
                return
            _, opcode, unique, node = struct.unpack_from("<2I2Q", request)
            body = request[40:]
            if opcode == INTERRUPT:
                self.write(self.late.pop(struct.unpack_from("<Q", body)[0], None))
            if opcode in (FORGET, BATCH_FORGET, INTERRUPT) or self.unanswered(opcode, body):
                continue
            code, out = 0, b""
            try:
                out = self.answer(opcode, node, body)
            except OSError as error:
                code = -error.errno
            told = struct.pack("<IiQ", 16 + len(out), code, unique) + out
            if opcode == RMDIR and body.startswith(b"late"):
                self.late[unique] = told
                (self.control / "met").touch()
                continue
            self.write(told)
            if opcode == INIT:
                (self.control / "ready").touch()  # until then the kernel sends nothing else


def main():
    point, control, uid = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    server = Server(mount(point, uid), control, uid)
    server.make(1, b"fine", stat.S_IFREG | 0o644, b"fine\n")
    server.serve()


if __name__ == "__main__":
    main()
