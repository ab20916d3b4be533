"""Describes the machine and the versions of the tools."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path


def describe(project: Path, work: Path, psql: str, python: str) -> dict[str, object]:
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "system": system_name(),
        "file_system": said("findmnt", "-no", "FSTYPE", "-T", str(work)),
        "commit": said("git", "-C", str(project), "describe", "--always", "--dirty"),
        "versions": {
            "swift": said("swift", "--version"),
            "postgresql": said(psql, "--version"),
            "nginx": said("/usr/sbin/nginx", "-v"),
            "curl": said("curl", "--version"),
            "zstd": said("zstd", "--version"),
            "pgloader": said("pgloader", "--version"),
            "duckdb": said(python, "-c", "import duckdb; print(duckdb.__version__)"),
            "polars": said(python, "-c", "import polars; print(polars.__version__)"),
        },
    }


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]


def system_name() -> str:
    release = Path("/etc/os-release")
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)', release.read_text(), re.M) if release.exists() else None
    return found.group(1) if found else platform.system()


def said(*command: str) -> str | None:
    """Returns the first line that a command prints; None if it cannot be run or fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return lines[0].strip() if lines else None
