"""Tests compose.yaml: limits, stop periods, and which service uses which login."""

import os
import pathlib
import re
import unittest

import yaml

SOURCE = pathlib.Path(os.environ["SOURCE_TREE"])
SERVICES = yaml.safe_load((SOURCE / "compose.yaml").read_text())["services"]


class ComposeTests(unittest.TestCase):
    def test_every_service_has_limits(self):
        self.assertEqual(set(SERVICES), {"postgres", "etl", "console", "cloudwatch-agent"})
        for name, service in SERVICES.items():
            self.assertRegex(service["mem_limit"], r"^\d+[mg]$", name)
            self.assertGreater(service["pids_limit"], 0, name)
            self.assertEqual(service["cap_drop"], ["ALL"], name)

    def test_postgresql_has_time_to_start_and_stop(self):
        postgres = SERVICES["postgres"]
        self.assertEqual((postgres["stop_grace_period"], postgres["healthcheck"]["start_period"]), ("60s", "60s"))
        self.assertEqual(SERVICES["etl"]["stop_grace_period"], "90s")

    def test_no_service_uses_the_superuser(self):
        superuser = SERVICES["postgres"]["environment"]["POSTGRES_USER"]
        logins = set()
        for name in ["etl", "console"]:
            for address in SERVICES[name]["environment"].values():
                logins |= set(re.findall(r"postgresql://(\w+)@", str(address)))
        self.assertEqual(logins, {"registry", "console"})
        self.assertNotIn(superuser, logins)
        text = (SOURCE / "packaging/compose/roles.sh").read_text()
        for login in logins:
            self.assertIn(f"ALTER ROLE {login} PASSWORD", text)

    def test_images_can_be_pinned(self):
        """Each image that is not built here is set by a variable, whose default names a version."""
        for name in ["postgres", "cloudwatch-agent"]:
            self.assertRegex(SERVICES[name]["image"], r"^\$\{\w+_IMAGE:-[^}:]+:\d[^}]*\}$")
        bases = re.findall(r"(?m)^ARG (\w+_IMAGE)=\S+:\d", (SOURCE / "Dockerfile").read_text())
        self.assertEqual(bases, ["SWIFT_IMAGE", "RUNTIME_IMAGE"])

    def test_mounted_files_exist(self):
        for service in SERVICES.values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("./"):
                    self.assertTrue((SOURCE / source).exists(), volume)


if __name__ == "__main__":
    unittest.main()
