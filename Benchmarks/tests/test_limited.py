"""Tests the server with a limited speed."""

import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from bench.limited import limited


class Limited(unittest.TestCase):
    def test_a_file_arrives_whole_and_not_faster_than_its_speed(self) -> None:
        content = bytes(range(256)) * 4000
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "file").write_bytes(content)
            with limited(Path(folder)) as server:
                for speed in (5, 20):
                    started = time.monotonic()
                    # Loopback is never reached through a proxy.
                    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                    with opener.open(f"{server}/{speed}/file") as answer:
                        self.assertEqual(answer.read(), content)
                    self.assertGreater(time.monotonic() - started, len(content) / speed / 1e6 - 0.02)


if __name__ == "__main__":
    unittest.main()
