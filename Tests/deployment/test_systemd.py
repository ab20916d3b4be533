"""Tests packaging/systemd: systemd accepts the units, and they agree with the documentation."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_TREE"])
UNITS = sorted((SOURCE / "packaging/systemd").glob("business-registry*"))
PAGES = [*SOURCE.glob("*.md"), *(SOURCE / "docs").glob("*.md"), SOURCE / "spool/README.md"]
PREFIX = "/opt/business-registry/"


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class VerifyTests(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="registry-units-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def verify(self, *paths):
        ended = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *paths], capture_output=True, text=True,
            check=False, env={**os.environ, "SYSTEMD_LOG_LEVEL": "info"})
        return ended.returncode, ended.stdout + ended.stderr

    def test_systemd_accepts_each_unit(self):
        self.assertEqual(len(UNITS), 4)
        for unit in UNITS:
            # Use the path of this project.
            (self.folder / unit.name).write_text(unit.read_text().replace(PREFIX, f"{SOURCE}/"))
        self.assertEqual(self.verify(*[self.folder / unit.name for unit in UNITS]), (0, ""))

    def test_a_refused_unit_is_detected(self):
        unit = self.folder / "refused.service"
        unit.write_text("[Service]\nType=oneshot\nExecStart=/bin/true\nRestartForceExitStatus=75\n")
        code, said = self.verify(unit)
        self.assertNotEqual(code, 0)
        self.assertIn("RestartForceExitStatus", said)


class UnitTests(unittest.TestCase):
    def test_only_temporary_failures_are_retried(self):
        told = re.findall(r"(?m)^\| (\d+) \|", (SOURCE / "docs/troubleshooting.md").read_text())
        for_a_person = [code for code in told if code not in ("0", "75")]
        self.assertEqual(for_a_person, ["64", "65", "66", "69", "70", "74", "78"])
        service = (SOURCE / "packaging/systemd/business-registry.service").read_text()
        self.assertIn(f"\nRestartPreventExitStatus={' '.join(for_a_person)}\n", service)

    def test_units_contain_no_secrets(self):
        for unit in UNITS:
            self.assertNotRegex(unit.read_text(), r"(?i)Environment=.*(PASSWORD|SECRET|URL)")

    def test_documentation_has_no_second_copy(self):
        """A copy of a unit in a page would not be validated."""
        for page in PAGES:
            self.assertIsNone(re.search(r"(?m)^\[(Service|Timer|Install)\]", page.read_text()), page)

    def test_the_crontab_line_starts_the_pipeline_with_its_settings(self):
        """Runs the line as cron does, which ends a command at a `%`. The line redirects only to /dev/null."""
        found = []
        for page in PAGES:
            found += re.findall(r"(?m)^\d+ [\d,]+ \* \* \*  (.*pipeline\.sh.*)$", page.read_text())
        self.assertEqual(len(found), 1)
        url = "postgresql://u:p%40x@h/d?sslmode=require&options=-csearch_path%3Dreg"
        with tempfile.TemporaryDirectory() as home:
            project = pathlib.Path(home, "project")
            project.mkdir()
            script = project / "pipeline.sh"
            script.write_text('#!/bin/sh\nprintf "%s|%s" "$DATABASE_URL" "$LOG_FILE" >&2\n')
            script.chmod(0o755)
            settings = (SOURCE / "packaging/cron/registry.env").read_text()
            (project.parent / "registry").mkdir()
            (project.parent / "registry/registry.env").write_text(
                re.sub(r"(?m)^DATABASE_URL=.*$", lambda _: f"DATABASE_URL='{url}'", settings))
            for line in found:
                self.assertEqual(re.findall(r">+ *(\S+)", line), ["/dev/null"])
                command = line.split("%")[0].replace(PREFIX[:-1], str(project))
                ended = subprocess.run(
                    ["/bin/sh", "-c", command], capture_output=True, text=True, check=False,
                    env={"HOME": home, "PATH": "/usr/bin:/bin"})
                self.assertEqual((ended.returncode, ended.stderr), (0, f"{url}|{home}/registry/etl.log"), line)

    def test_files_named_in_the_documentation_exist(self):
        named = {}
        for page in PAGES:
            for name in re.findall(r"\bpackaging/[\w./-]*\w", page.read_text()):
                named.setdefault(name, page)
        self.assertTrue(named)
        for name, page in named.items():
            self.assertTrue((SOURCE / name).exists(), f"{name} in {page}")


if __name__ == "__main__":
    unittest.main()
