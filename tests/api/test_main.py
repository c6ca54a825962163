"""Asked to end while it still loads, the API ends: as process 1 of a container nothing else would do it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.house.loopback_only import find_free_port
from tests.house.tree import ROOT

END_WITHIN_S = 20.0


def handles_sigterm(pid):
    line = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("SigCgt:"))
    return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def test_asked_to_end_while_it_loads_it_ends_well(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "API_PORT": str(find_free_port()), "DRAIN_TIMEOUT": "0"}
    process = subprocess.Popen([sys.executable, "-m", "api"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
    with process:
        deadline = time.monotonic() + END_WITHIN_S
        while not handles_sigterm(process.pid):
            assert time.monotonic() < deadline
        process.terminate()
        assert process.wait(END_WITHIN_S) == 0
        assert b"server.started" not in process.stderr.read(), "it was asked before it had loaded"
