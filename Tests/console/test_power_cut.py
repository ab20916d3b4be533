"""Cuts the power at fault points of the worker and the run monitor: no task is lost, starts twice, or changes after its end.

A few cases run, drawn at random; TESTS=all runs all of them. SEED=n repeats a run.
"""

import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

from monitoring.registry import BINARIES, SOURCE

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
FIND = 'set -euo pipefail; project=$1; source "$1/Sources/pipeline/packages.sh"; find_postgres ""; echo "$POSTGRES_BIN"'
NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
# Makes and mounts a small file system, as the test does.
PROBE = """
    set -e
    mount -t tmpfs none /mnt
    truncate --size=8M /mnt/image
    mkfs.ext4 -q /mnt/image
    mkdir /mnt/volume
    mount -t ext4 -o loop /mnt/image /mnt/volume"""


def run(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3600, check=False)


class PowerCutTest(unittest.TestCase):
    def test_the_queue_survives_power_cuts(self):
        if os.getuid():
            self.skipTest("needs root")
        if run(*NAMESPACES, "sh", "-c", PROBE).returncode:
            self.skipTest("needs loop devices and the right to mount")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="registry-power-"))
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o755)
        print(f"SEED={SEED}", flush=True)
        found = run("bash", "-c", FIND, "bash", SOURCE)
        if found.returncode:
            self.skipTest("needs PostgreSQL")
        cases = "all" if os.environ.get("TESTS") == "all" else "4"
        ended = run(*NAMESPACES, sys.executable, pathlib.Path(__file__).with_name("power.py"), folder,
                    found.stdout.strip(), BINARIES / "console", str(SEED), cases)
        print(ended.stdout)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertRegex(ended.stdout, r"^\d+ points, [1-9]\d* power cuts, 0 failures")
