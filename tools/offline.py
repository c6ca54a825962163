"""Runs a command in a network of its own that holds nothing but loopback.

`make test` starts pytest through this, so that nothing that a test starts (native HTTP clients and whole
processes included) can reach a paid service. Linux lets only root do it; for everybody else the guards in
tests/house/loopback_only.py hold alone.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000  # <linux/sched.h>
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1  # <linux/sockios.h>, <linux/if.h>
INTERFACE_REQUEST = "16sH14x"  # struct ifreq: name, flags, and room for what is not asked

OFFLINE_VARIABLE = "RUNS_OFFLINE"  # tells the tests that they may rely on it


def enter_loopback_only_network() -> bool:
    """Moves this process, and what it starts, behind an empty network; False where the system refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not sys.platform.startswith("linux") or libc.unshare(CLONE_NEWNET) != 0:
        return False
    bring_up("lo")
    return True


def bring_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack(INTERFACE_REQUEST, interface.encode(), 0)
        answer = fcntl.ioctl(any_socket, SIOCGIFFLAGS, request)
        _, flags = struct.unpack(INTERFACE_REQUEST, answer)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack(INTERFACE_REQUEST, interface.encode(), flags | IFF_UP))


def main(command: list[str]) -> None:
    if enter_loopback_only_network():
        os.environ[OFFLINE_VARIABLE] = "1"
    os.execvp(command[0], command)  # noqa: S606 - the command is the Makefile's


if __name__ == "__main__":
    main(sys.argv[1:])
