"""What PostgreSQL's processes cost: the client's own times do not tell."""

from __future__ import annotations

import os
from pathlib import Path


class ServerCPU:
    def __init__(self, data: Path) -> None:
        self.postmaster = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        self.ticks = os.sysconf("SC_CLK_TCK")

    def seconds(self) -> float:
        """CPU of the server so far: its own, that of children that are gone, and that of those alive."""
        fields = self._fields(self.postmaster)
        total = sum(fields[11:15])
        for child in Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text().split():
            try:
                total += sum(self._fields(int(child))[11:13])
            except OSError:
                pass  # It ended meanwhile: the next look finds it among those that are gone.
        return total / self.ticks

    @staticmethod
    def _fields(pid: int) -> list[int]:
        """The fields of /proc/PID/stat behind the name, from the state on; utime, stime, cutime, cstime are 11 to 14."""
        text = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return [0] + [int(field) for field in text[1:]]
