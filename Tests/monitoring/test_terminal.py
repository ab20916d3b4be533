"""Tests the output on a terminal: colours, the most important fields first, and failures with their hints."""

import os
import pty
import re
import subprocess
import unittest

from .registry import Project, snapshot


class TerminalTests(unittest.TestCase):
    def on_a_terminal(self, *arguments, **variables):
        """Returns what `fetch` writes to stderr, which is a terminal."""
        project = Project()
        self.addCleanup(project.close)
        ours, theirs = pty.openpty()
        source = project.write("one.csv", snapshot(3))
        subprocess.run(
            [project.tree / ".build/release/fetch", "--spool", project.folder / "spool", *(arguments or ["--source", source])],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, check=False, timeout=60,
            env={**project.environment, "LOG_FORMAT": "text", "LOG_FILE": "", "TERM": "xterm", **variables})
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 65536):
                text += piece
        except OSError:  # the other side is closed
            pass
        os.close(ours)
        return text.decode().replace("\r\n", "\n")

    def test_colours_and_order(self):
        text = self.on_a_terminal()
        self.assertIn("\x1b[1mfetch\x1b[0m: ", text)
        plain = re.sub(r"\x1b\[\d*m", "", text)
        self.assertRegex(plain, r"(?m)^\d\d:\d\d:\d\d fetch: run .* ended: success  event=etl_completed status=success duration_seconds=")
        self.assertNotIn("event_id", plain)

    def test_no_color_and_dumb_terminals(self):
        self.assertNotIn("\x1b", self.on_a_terminal(NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_a_terminal(TERM="dumb"))

    def test_debug_level_shows_all_fields(self):
        self.assertRegex(self.on_a_terminal(LOG_LEVEL="debug", NO_COLOR="1"), r" event=etl_started event_id=[0-9a-f-]{36} run_id=")

    def test_a_failure_shows_its_message_and_hints(self):
        text = self.on_a_terminal("--source", "/nonexistent/x\x1b]0;y.csv")
        plain = re.sub(r"\x1b\[\d*m", "", text)
        self.assertRegex(plain, r"(?m)^fetch: .*nonexistent.*\nHINT: ")
        self.assertNotIn("\x1b]", plain, "control characters of a name must not reach the terminal")


if __name__ == "__main__":
    unittest.main()
