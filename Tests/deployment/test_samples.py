"""packaging/: the samples for Kubernetes, Airflow and log collectors."""

import datetime
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest

import kubernetes_validate
import yaml

SOURCE = pathlib.Path(os.environ["SOURCE_TREE"])
BINARIES = pathlib.Path(os.environ["BINARIES"])
PACKAGING = SOURCE / "packaging"
# The exit codes of the README that need a person: all but success, "run again later" and signals.
TOLD = [int(code) for code in re.findall(r"(?m)^\| (\d+) \|", (SOURCE / "README.md").read_text())]
PERMANENT = sorted(set(TOLD) - {0, 75})


class KubernetesTests(unittest.TestCase):
    def setUp(self):
        text = (PACKAGING / "kubernetes/cronjob.yaml").read_text()
        self.documents = {document["kind"]: document for document in yaml.safe_load_all(text)}

    def test_the_schema(self):
        self.assertEqual(set(self.documents), {"PersistentVolumeClaim", "CronJob"})
        for document in self.documents.values():
            kubernetes_validate.validate(document, "1.31", strict=True)
        wrong = json.loads(json.dumps(self.documents["CronJob"]))
        wrong["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"][1]["onExitCodes"]["codes"] = [1]
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, "1.31", strict=True)

    def test_exit_codes(self):
        job = self.documents["CronJob"]["spec"]["jobTemplate"]["spec"]
        (rule,) = [rule for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"]
        self.assertEqual(rule["onExitCodes"]["values"], PERMANENT)
        pod = job["template"]["spec"]
        self.assertEqual(rule["onExitCodes"]["containerName"], pod["containers"][0]["name"])
        # Otherwise Kubernetes refuses the policy, which its schema does not know.
        self.assertEqual(pod["restartPolicy"], "Never")

    def test_least_rights(self):
        pod = self.documents["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        context = container["securityContext"]
        self.assertEqual(
            (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"], context["capabilities"]),
            (False, True, {"drop": ["ALL"]}))
        user = re.search(r"(?m)^USER (\d+)$", (SOURCE / "Dockerfile").read_text())[1]
        self.assertEqual(str(pod["securityContext"]["runAsUser"]), user)
        names = {variable["name"]: variable for variable in container["env"]}
        self.assertIn("secretKeyRef", names["PGPASSWORD"]["valueFrom"])
        self.assertNotRegex(names["DATABASE_URL"]["value"], "://[^/]*:[^/]*@")


class AirflowTests(unittest.TestCase):
    def test_exit_codes(self):
        """The file itself, with as much of Airflow as it takes."""
        failed, permanent = type("AirflowException", (Exception,), {}), type("AirflowFailException", (Exception,), {})
        ended, options = [], {}

        def task(**given):
            options.update(given)
            return lambda function: function

        fakes = {
            "pendulum": types.SimpleNamespace(datetime=lambda *date, tz: datetime.datetime(*date)),
            "airflow": types.ModuleType("airflow"),
            "airflow.decorators": types.SimpleNamespace(task=task, dag=lambda **_: lambda function: function),
            "airflow.exceptions": types.SimpleNamespace(AirflowException=failed, AirflowFailException=permanent),
            "subprocess": types.SimpleNamespace(run=lambda command, check: ended.pop()),
        }
        names = {}
        kept = {name: sys.modules.get(name) for name in fakes}
        sys.modules.update(fakes)
        try:
            ended.append(types.SimpleNamespace(returncode=0))
            path = PACKAGING / "airflow/business_registry.py"
            exec(compile(path.read_text(), path, "exec"), names)
            self.assertEqual(sorted(names["PERMANENT"]), PERMANENT)
            for code in [*TOLD, -9, 137, 143]:
                ended.append(types.SimpleNamespace(returncode=code))
                wanted = permanent if code in PERMANENT else failed
                if code == 0:
                    names["load"]()
                    continue
                with self.assertRaises(wanted):
                    names["load"]()
        finally:
            for name, module in kept.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module
        self.assertGreater(options["retries"], 0)


class CollectorTests(unittest.TestCase):
    """What the samples say of the files is true of the files that the programs write."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            variables = {"LOG_FILE": f"{folder}/etl.log", "SPOOL_DIR": f"{folder}/spool", "TZ": "Asia/Taipei"}
            subprocess.run(
                [BINARIES / "fetch", "--source", "/nonexistent.csv"], env=variables, capture_output=True, check=False)
            (cls.name,) = [name for name in os.listdir(folder) if not name.endswith(".lock") and name != "spool"]
            cls.lines = [json.loads(line) for line in pathlib.Path(folder, cls.name).read_text().splitlines()]
        cls.instants = [
            datetime.datetime.strptime(line["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z") for line in cls.lines]
        cls.folder = re.search(
            r"LOG_FILE=(.*)/etl.log", (PACKAGING / "systemd/business-registry.service").read_text())[1]

    def check_path(self, included, excluded):
        path = f"{self.folder}/{self.name}"
        self.assertTrue(fnmatch.fnmatch(path, included))
        self.assertFalse(fnmatch.fnmatch(path, excluded))
        self.assertTrue(fnmatch.fnmatch(path + ".1.gz", excluded))
        self.assertFalse(fnmatch.fnmatch(f"{self.folder}/etl.log.lock", included))

    def test_time_is_rfc3339(self):
        """As Go's time.RFC3339Nano has it, and at the same instant as `timestamp`."""
        for line, instant in zip(self.lines, self.instants):
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
            self.assertEqual(datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")), instant)

    def test_jq_reads_it_as_documented(self):
        filter_ = '.time | sub("\\\\.[0-9]+Z$"; "Z") | fromdate'
        page = (SOURCE / "docs/monitoring.md").read_text()
        self.assertTrue(filter_ in page, filter_)
        for line, instant in zip(self.lines, self.instants):
            said = subprocess.run(["jq", filter_], input=json.dumps(line), capture_output=True, text=True, check=True)
            self.assertEqual(int(said.stdout), int(instant.timestamp()))

    def test_fluent_bit(self):
        config = yaml.safe_load((PACKAGING / "logs/fluent-bit.yaml").read_text())
        (parser,) = config["parsers"]
        (tail,) = config["pipeline"]["inputs"]
        self.check_path(tail["path"], tail["exclude_path"])
        self.assertEqual((tail["parser"], parser["format"]), (parser["name"], "json"))
        # %L is a fraction of a second, %z an offset without a colon.
        form = parser["time_format"].replace(".%L", ".%f")
        for line, instant in zip(self.lines, self.instants):
            self.assertEqual(datetime.datetime.strptime(line[parser["time_key"]], form), instant)

    def test_vector(self):
        try:
            import tomllib
        except ImportError:
            self.skipTest("this Python reads no TOML: 3.11 does")
        config = tomllib.loads((PACKAGING / "logs/vector.toml").read_text())
        source = config["sources"]["business_registry"]
        self.check_path(source["include"][0], source["exclude"][0])
        made = {"business_registry", "business_registry_fields"}
        for part in [*config["transforms"].values(), *config["sinks"].values()]:
            self.assertLessEqual(set(part["inputs"]), made)
        self.assertIn('parse_timestamp!(.time, format: "%+")', config["transforms"]["business_registry_fields"]["source"])

    def test_promtail(self):
        config = yaml.safe_load((PACKAGING / "logs/promtail.yaml").read_text())
        (job,) = config["scrape_configs"]
        labels = job["static_configs"][0]["labels"]
        self.check_path(labels["__path__"], labels["__path_exclude__"])
        stages = {name: stage for entry in job["pipeline_stages"] for name, stage in entry.items()}
        self.assertEqual(stages["timestamp"], {"source": "time", "format": "RFC3339Nano"})
        named = set(stages["json"]["expressions"].values())
        self.assertLessEqual(named, set().union(*self.lines))
        self.assertLessEqual(set(stages["labels"]), set(stages["json"]["expressions"]))


if __name__ == "__main__":
    unittest.main()
