"""Runs and measures one command, by the operating system's accounting."""

from __future__ import annotations

import os
import resource
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from .server_cpu import ServerCPU


@dataclass
class Run:
    """A finished run. The peak is that of the largest process among those that the command waited for."""

    wall_s: float
    user_s: float
    system_s: float
    peak_mib: float
    # Of PostgreSQL, if the command used it.
    server_cpu_s: float | None = None
    wal_mib: float | None = None
    # Times that the command itself reports, such as the seconds of each stage.
    parts_s: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


class Failed(Exception):
    """A measured command did not end with 0."""


INHERITED = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER"]
"""The variables that a measured command inherits: no settings, and no proxy, which would apply to loopback too."""


def run(command: list[str], log: Path, env: dict[str, str] | None = None, server: ServerCPU | None = None) -> Run:
    """Runs a command with its standard output in `log` and its standard error in `log`.err.

    Times of children count only after they are waited for, so run a pipeline with `sh -c`.
    """
    before = server.seconds() if server else None
    outputs = [(log, 1), (log.with_suffix(log.suffix + ".err"), 2)]
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_OPEN, fd, str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644) for path, fd in outputs]
    started = time.monotonic()
    seen = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # Its own process group, so that all processes of a pipeline can be stopped.
    pid = os.posix_spawnp(command[0], command, {**seen, **(env or {})}, file_actions=actions, setpgroup=0)
    try:
        _, status, usage = os.wait4(pid, 0)
    except BaseException:
        os.killpg(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        raise
    wall = time.monotonic() - started
    if os.waitstatus_to_exitcode(status) != 0:
        tail = outputs[1][0].read_text(errors="replace")[-2000:]
        raise Failed(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}:\n{tail}")
    return Run(
        wall_s=wall,
        user_s=usage.ru_utime,
        system_s=usage.ru_stime,
        peak_mib=usage.ru_maxrss / 1024,
        server_cpu_s=None if before is None or server is None else server.seconds() - before,
    )


def peak_floor_mib() -> float:
    """Returns the lowest peak that can be measured: a new process begins with the peak of its parent."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
