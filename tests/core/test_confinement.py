import json
import subprocess
import sys
import textwrap

import pytest

from core.confinement import CHILD_ENVIRONMENT

CONFINED = """
import json, os, signal, socket, subprocess, sys
from core.confinement import Confinement, confine

def attempt(work):
    try:
        work()
    except BaseException as error:
        return type(error).__name__
    return "done"

confine(Confinement(memory_bytes=2**29, cpu_s={cpu_s}, wall_s={wall_s}))
"""


def confined(code: str, cpu_s: float = 20, wall_s: float = 30) -> subprocess.CompletedProcess[str]:
    script = CONFINED.format(cpu_s=cpu_s, wall_s=wall_s) + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-P", "-c", script],
        capture_output=True, text=True, timeout=60, env=CHILD_ENVIRONMENT, check=False,
    )  # fmt: skip


def test_a_confined_process_neither_writes_nor_reaches_out_nor_starts_others() -> None:
    result = confined(
        """
        refused = {
            "write": lambda: open("/tmp/seedbed-confined", "w"),
            "append": lambda: open("/dev/shm/seedbed-confined", "a"),
            "make a folder": lambda: os.mkdir("/tmp/seedbed-confined"),
            "remove": lambda: os.unlink("/tmp/seedbed-confined"),
            "rename": lambda: os.rename("/tmp/seedbed-confined", "/tmp/seedbed-other"),
            "link": lambda: os.symlink("/tmp", "/tmp/seedbed-confined"),
            "socket": lambda: socket.socket(),
            "local socket": lambda: socket.socket(socket.AF_UNIX),
            "program": lambda: subprocess.run([sys.executable, "-c", ""]),
            "kill": lambda: os.kill(os.getppid(), 0),
            "mode": lambda: os.chmod("/tmp", 0o777),
        }
        print(json.dumps({name: attempt(work) for name, work in refused.items()}))
        """
    )
    found = json.loads(result.stdout)
    assert len(found) == 11
    assert set(found.values()) == {"PermissionError"}


def test_a_confined_process_still_reads_and_answers() -> None:
    result = confined("print(len(open('/etc/hosts').read()) > 0, sum(range(10)))")
    assert result.stdout.split() == ["True", "45"]


def test_memory_has_a_limit() -> None:
    assert confined("print(attempt(lambda: bytearray(2**29)))").stdout.strip() == "MemoryError"


def test_processor_time_and_the_clock_have_limits() -> None:
    assert confined("while True: pass", cpu_s=0).returncode in (-24, -9)  # SIGXCPU
    assert confined("import time; time.sleep(20)", wall_s=0.2).returncode == -14  # SIGALRM


@pytest.mark.parametrize("name", ["SEEDBED_HOME", "OPENAI_API_KEY", "HOME", "PATH"])
def test_a_child_sees_none_of_our_environment(name: str) -> None:
    assert name not in CHILD_ENVIRONMENT
