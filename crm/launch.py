"""Becomes another program that dies with its parent and, started by root, gives root up first.

Run as a script, so that the starter needs no code between fork and exec. Standard library only.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def main(parent: int, death_signal: int, uid: int, gid: int, closed_path: bool, program: list[str]) -> None:
    if uid != os.geteuid():
        become(uid, gid, closed_path)
    die_with_parent(death_signal)
    if os.getppid() == parent:
        os.execv(program[0], program)


def die_with_parent(death_signal: int) -> None:
    """Only Linux can; elsewhere the next start ends what was left."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)


def become(uid: int, gid: int, closed_path: bool) -> None:
    """Changes the user. `closed_path`: some folder above is closed to that user (a checkout in /root, say)."""
    libc = ctypes.CDLL(None, use_errno=True)
    # With the usual "fixup" the new user would lose all rights, and access() would not count those it keeps.
    if closed_path and libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP):
        sys.exit("error: a folder above is closed to the user of the servers; move the checkout, or chmod o+x it")
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if closed_path:
        keep_access(libc)


def keep_access(libc: ctypes.CDLL) -> None:
    """Keeps root's right to pass closed folders, and no other."""
    bit = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    libc.capset(header, effective_permitted_inheritable)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    numbers = [int(number) for number in sys.argv[1:6]]
    main(numbers[0], numbers[1], numbers[2], numbers[3], bool(numbers[4]), sys.argv[6:])
