"""Measures the CPU time of PostgreSQL's processes, which the client's times do not include."""

from __future__ import annotations

import os
from pathlib import Path


class ServerCPU:
    def __init__(self, data: Path) -> None:
        self.postmaster = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        self.ticks = os.sysconf("SC_CLK_TCK")

    def seconds(self) -> float:
        """Returns the server's CPU seconds so far: its own, and those of ended and of running children."""
        fields = self._fields(self.postmaster)
        total = sum(fields[11:15])
        for child in Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text().split():
            try:
                total += sum(self._fields(int(child))[11:13])
            except OSError:
                pass  # It has ended meanwhile: the next call counts it among the ended ones.
        return total / self.ticks

    @staticmethod
    def _fields(pid: int) -> list[int]:
        """Returns the fields of /proc/PID/stat from the state on; utime, stime, cutime and cstime are 11 to 14."""
        text = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return [0] + [int(field) for field in text[1:]]
