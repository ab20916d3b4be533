"""Tests the samples in packaging/ for Kubernetes, Airflow and log collectors."""

import datetime
import fnmatch
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import types
import unittest
import unittest.mock

import kubernetes_validate
import yaml

SOURCE = pathlib.Path(os.environ["SOURCE_TREE"])
BINARIES = pathlib.Path(os.environ["BINARIES"])
PACKAGING = SOURCE / "packaging"
# The documented exit codes that need an operator: all except success, "run again later" and signals.
TOLD = [int(code) for code in re.findall(r"(?m)^\| (\d+) \|", (SOURCE / "docs/troubleshooting.md").read_text())]
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
        # Kubernetes refuses the policy with any other value, but the schema does not check this.
        self.assertEqual(pod["restartPolicy"], "Never")

    def test_least_privilege(self):
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
    """Runs the sample with stand-ins for the parts of Airflow that it uses, and for pipeline.sh."""

    def setUp(self):
        self.failed = type("AirflowException", (Exception,), {})
        self.permanent = type("AirflowFailException", (Exception,), {})
        self.options = {}

        def task(**given):
            self.options.update(given)
            return lambda function: function

        fakes = {
            "pendulum": types.SimpleNamespace(datetime=lambda *date, tz: datetime.datetime(*date)),
            "airflow": types.ModuleType("airflow"),
            "airflow.decorators": types.SimpleNamespace(task=task, dag=lambda **_: lambda function: lambda: None),
            "airflow.exceptions": types.SimpleNamespace(
                AirflowException=self.failed, AirflowFailException=self.permanent),
        }
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.names = {"PIPELINE": None}
        path = PACKAGING / "airflow/business_registry.py"
        with unittest.mock.patch.dict(sys.modules, fakes):
            exec(compile(path.read_text(), path, "exec"), self.names)

    def pipeline(self, text):
        path = self.folder / "pipeline.sh"
        path.write_text("#!/bin/bash\n" + text)
        path.chmod(0o755)
        self.names["PIPELINE"] = path

    def test_exit_codes(self):
        self.assertEqual(sorted(self.names["PERMANENT"]), PERMANENT)
        for code in [*TOLD, 137, 143, -9]:
            self.pipeline(f"exit {code}" if code >= 0 else "kill -KILL $$")
            if code == 0:
                self.names["load"]()
                continue
            with self.assertRaises(self.permanent if code in PERMANENT else self.failed):
                self.names["load"]()
        self.assertGreater(self.options["retries"], 0)

    def time_out(self, stage):
        """Ends the task as Airflow does, by an exception from a signal handler, after the stage has started."""
        fifo = self.folder / "alive"
        os.mkfifo(fifo)
        # Job control as in pipeline.sh: the stage has its own process group. It keeps the FIFO open until it ends.
        self.pipeline(f"""
            set -m
            trap 'kill -TERM $stage; wait $stage; echo stopped >"{self.folder}/told"; exit 143' TERM
            mkfifo "{self.folder}/ready"
            ({stage}; echo >"{self.folder}/ready"; exec sleep 600) >"{fifo}" &
            stage=$!
            read -r <"{self.folder}/ready"
            echo at work >"{fifo}"
            wait
        """)

        class TimedOut(BaseException):
            pass

        def end(*_):
            raise TimedOut

        main, reader = threading.main_thread().ident, os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, end))

        def wait():
            select.select([reader], [], [], 60)
            os.read(reader, 100)
            signal.pthread_kill(main, signal.SIGALRM)

        watch = threading.Thread(target=wait)
        watch.start()
        with self.assertRaises(TimedOut):
            self.names["load"]()
        watch.join()
        # The FIFO reaches its end when the last writer has closed it.
        self.assertTrue(select.select([reader], [], [], 30)[0], "the stage is still running")
        self.assertEqual(os.read(reader, 100), b"")

    def test_a_time_out_stops_the_stage(self):
        self.time_out(":")
        self.assertEqual((self.folder / "told").read_text(), "stopped\n")

    def test_a_stage_that_does_not_stop_is_killed(self):
        self.names["GRACE_SECONDS"] = 0.1
        self.time_out("trap '' TERM")


class CollectorTests(unittest.TestCase):
    """Compares the samples with the log files that the stages write."""

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
        """`time` has the format of Go's time.RFC3339Nano, and is the same instant as `timestamp`."""
        for line, instant in zip(self.lines, self.instants):
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
            self.assertEqual(datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")), instant)

    def test_the_documented_jq_filter_works(self):
        filter_ = '.time | sub("\\\\.[0-9]+Z$"; "Z") | fromdate'
        page = (SOURCE / "docs/log-events.md").read_text()
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
            self.skipTest("reading TOML needs Python 3.11")
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
