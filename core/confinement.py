"""What a child process that reads untrusted input may use: memory, time, no files, no network.

Shared by the children that parse files and that render templates on trial. It limits the process
that calls it, for good; the parent's side (starting, listening, naming the failure) belongs to each
caller.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from typing import Final, NamedTuple

# All that a child sees of the environment: no keys, no proxies, one thread, one allocator whose
# address space stays small under the memory limit, no byte code written.
CHILD_ENVIRONMENT: Final = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "LC_ALL": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
TIME_SIGNALS: Final = frozenset({signal.SIGALRM, signal.SIGXCPU})
MAX_OPEN_FILES = 64


class Confinement(NamedTuple):
    """How much a child may use from the moment it is confined."""

    memory_bytes: int  # of address space
    cpu_s: float
    wall_s: float


def child_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs one of our modules as a child."""
    return [sys.executable, "-P", "-m", module, *arguments]


def confine(limits: Confinement) -> None:
    """Put this process under the limits. One that is passed ends it; the kernel watches.

    A limit that the system does not offer, or sets lower already, is left as it is.
    """
    spent = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = int(spent.ru_utime + spent.ru_stime + limits.cpu_s) + 1
    for limit, value in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
    ):
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue
    _refuse_system_calls()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s)


# Numbers of system calls that a parser has no use for: new sockets and programs, changes to the
# file system, signals to and looks into other processes; then of those that open files, with the
# offset of their flags. Source: the kernel's syscall_64.tbl and asm-generic/unistd.h.
_FORBIDDEN: Final = {
    "x86_64": (
        0xC000003E,
        (41, 42, 49, 50, 53, 59, 62, 76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 101,
         132, 133, 165, 200, 234, 235, 258, 259, 260, 261, 263, 264, 265, 266, 268, 280, 310, 311,
         316, 321, 322, 424, 425, 434, 437),
        ((2, 24), (257, 32)),
    ),
    "aarch64": (
        0xC00000B7,
        (33, 34, 35, 36, 37, 38, 40, 45, 46, 52, 53, 54, 55, 88, 117, 129, 130, 131, 198, 199, 200,
         201, 203, 221, 270, 271, 276, 280, 281, 424, 425, 434, 437),
        ((56, 32),),
    ),
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_X32_CALLS = 0x40000000  # a second numbering of the same calls on x86_64
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_EPERM_ANSWER = 0x00050000 | 1
_ALLOW = 0x7FFF0000
_KILL = 0x80000000


def _refuse_system_calls() -> None:
    """Make the kernel answer the forbidden calls with EPERM, where it has seccomp (Linux)."""
    known = _FORBIDDEN.get(platform.machine())
    if not sys.platform.startswith("linux") or known is None:
        return
    program = _filter(*known)
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    # Not offered everywhere (old kernels, some containers): the other limits stand by themselves.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)


def _filter(
    architecture: int, forbidden: tuple[int, ...], opening: tuple[tuple[int, int], ...]
) -> bytes:
    """A BPF program: a foreign architecture is killed; forbidden calls and opening to write are
    refused; the rest is allowed."""

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse, allow = step(answer, 0, 0, _EPERM_ANSWER), step(answer, 0, 0, _ALLOW)
    steps = [step(load, 0, 0, 4), step(equal, 1, 0, architecture), step(answer, 0, 0, _KILL)]
    steps += [step(load, 0, 0, 0), step(at_least, 0, 1, _X32_CALLS), refuse]
    for number in forbidden:
        steps += [step(equal, 0, 1, number), refuse]
    for number, flags_at in opening:
        steps += [step(equal, 0, 4, number), step(load, 0, 0, flags_at)]
        steps += [step(any_bit, 0, 1, _WRITING), refuse, allow]
    return b"".join([*steps, allow])
