"""The whole pipeline as one contestant, from the web server to readers."""

from __future__ import annotations

import json
from pathlib import Path

from .compare import median
from .measure import Run, run
from .workshop import Workshop


def pipeline(shop: Workshop, spool: Path, url: str, *options: str) -> Run:
    """Runs `./pipeline.sh` into the schema `ours`, and records the seconds of each stage."""
    position = shop.wal_position()
    log = shop.logs / "pipeline"
    command = [str(shop.project / "pipeline.sh"), "--json", "--spool", str(spool), "--source", url, *options]
    done = run(command, log, shop.environment, shop.server)
    done.wal_mib = shop.wal_mib_since(position)
    stages = json.loads(log.read_text())["stages"]
    done.parts_s = {name: stage["seconds"] for name, stage in stages.items()}
    return done


def load(shop: Workshop, *arguments: str) -> Run:
    """Runs `load` into the schema `ours`."""
    position = shop.wal_position()
    done = run([shop.program("load"), *arguments], shop.logs / "load", shop.environment, shop.server)
    done.wal_mib = shop.wal_mib_since(position)
    return done


def stages(runs: list[Run]) -> str:
    parts = {name: median(runs, lambda one, name=name: one.parts_s[name]) or 0 for name in ("fetch", "transform", "load")}
    return ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
