"""Tests complete runs on both log paths: the same events, each once, and correct metrics."""

import datetime
import json
import unittest

from . import terraform
from .aws import Account, GROUP
from .filters import metric
from .registry import Project, Source, snapshot


class Counts:
    """The expected metrics, computed only from exit codes and summaries."""

    def __init__(self):
        self.completed = self.failed = self.temporary = self.errors = self.processed = self.rejected = self.ages = 0

    def published(self, summary, status):
        assert summary["status"] == status, summary
        self.completed += 1
        taipei = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
        self.ages += (taipei.date() - datetime.date.fromisoformat(summary["source_date"])).days
        if status != "unchanged":
            self.processed += summary["totals"]["processed"]
            self.rejected += summary["totals"]["failed"]

    def failed_run(self):
        self.failed += 1
        self.errors += 1

    def failed_temporarily(self):
        self.temporary += 1
        self.errors += 1

    def metrics(self):
        return {
            "ErrorCount": self.errors, "ETLCompleted": self.completed, "ETLFailed": self.failed,
            "ETLFailedTemporarily": self.temporary, "SourceAgeDays": self.ages,
            "RecordsProcessed": self.processed, "RecordsRejected": self.rejected,
        }


@unittest.skipIf(terraform.missing(), terraform.missing())
class PathTests(unittest.TestCase):
    def setUp(self):
        self.account = Account()
        self.addCleanup(self.account.close)
        self.project = Project()
        self.addCleanup(self.project.close)
        self.source = Source()
        self.addCleanup(self.source.close)
        self.tool = terraform.Terraform(terraform.copy(self.project.folder), self.account.variables())

    def test_every_event_arrives_once_on_both_paths_and_every_metric_is_right(self):
        self.tool.run("apply", "-auto-approve", "-input=false")
        outputs = self.tool.outputs()
        key = (outputs["log_writer_access_key_id"], outputs["log_writer_secret_access_key"])
        self.project.environment |= self.account.variables(*key) | {"CLOUDWATCH_LOG_GROUP": GROUP}
        with self.account.signatures_required():
            counts = self.runs()
            lines = self.project.log_lines()
            self.collect(lines, key)
        console, file = self.account.messages("console"), self.account.messages("file")
        self.assertEqual(file, lines)
        as_file = [message.replace('"path":"console"', '"path":"file"', 1) for message in console]
        self.assertEqual(sorted(as_file), sorted(lines))
        identities = [json.loads(line)["event_id"] for line in lines]
        self.assertEqual(len(identities), len(set(identities)))
        self.check_runs(lines)
        self.check_metrics(console + file, "console", counts)
        # The other path gives the same metrics. Recreate the filters, because moto does not change them.
        self.tool.run("destroy", "-auto-approve", "-input=false")
        self.tool.run("apply", "-auto-approve", "-input=false", "-var", "metrics_path=file")
        self.check_metrics(console + file, "file", counts)
        self.tool.run("destroy", "-auto-approve", "-input=false")

    def runs(self):
        """Ends runs in every possible way, and returns the expected counts."""
        project, counts = self.project, Counts()
        good, worse = project.write("good.csv", snapshot(60)), project.write("worse.csv", snapshot(60, bad=3))
        counts.published(project.summary("--source", good, "--chunk-size", "25"), "success")
        counts.published(project.summary("--source", good), "unchanged")
        counts.published(project.summary("--source", worse, "--max-rejects", "10%", "--jobs", "2"), "partial")
        # A dry run logs neither event, even if it fails.
        project.run("dry-run", "--source", good, expect=0)
        project.run("dry-run", "--source", worse, expect=65)
        counts.errors += 1
        # A failure in each stage.
        project.run("run", "--source", self.source.url + "/missing.csv", expect=69)
        counts.failed_run()
        project.run("run", "--source", worse, "--force", expect=65)
        counts.failed_run()
        fresh = project.write("fresh.csv", snapshot(61))
        project.run("run", "--source", fresh, expect=69, DATABASE_URL=project.database_url("none"))
        counts.failed_run()
        project.run("load", expect=64, DATABASE_URL="nonsense://")
        counts.failed_run()
        # A temporary failure does not raise the alarm for failed runs.
        project.run("run", "--source", "http://127.0.0.1:1/none.csv", expect=75)
        counts.failed_temporarily()
        # Single stages are separate runs; only load reports that the registry is current.
        project.run("fetch", "--source", project.write("next.csv", snapshot(62)), expect=0)
        project.run("transform", expect=0)
        counts.published(project.summary("load"), "success")
        # Nothing to load, and fetch has not checked the source: this does not count as completed.
        project.run("load", expect=0)
        # The next run reports a killed run as failed.
        project.kill("run", "--source", self.source.url + "/silent", when=self.source.asked.acquire)
        counts.failed_run()
        counts.published(project.summary("rollback"), "partial")
        # A failure before the first stage is also a failed run.
        project.run("run", "--sample", expect=74, SPOOL_DIR="/proc/spool")
        counts.failed_run()
        return counts

    def collect(self, lines, key):
        """Sends the file as the agent does: each line as one event, with the line's time."""
        logs = self.account.client("logs", *key)
        for start in range(0, len(lines), 1000):
            logs.put_log_events(
                logGroupName=GROUP, logStreamName="file",
                logEvents=[{"timestamp": milliseconds(line), "message": line} for line in lines[start:start + 1000]])

    def check_runs(self, lines):
        """Each run ends once: completed or failed; a dry run logs neither."""
        ends, begun = {}, set()
        for event in map(json.loads, lines):
            if event.get("event") == "etl_started":
                begun.add(event["run_id"])
            if event.get("event") in ("etl_completed", "etl_failed"):
                ends.setdefault(event["run_id"], []).append(event["event"])
        self.assertTrue(all(len(events) == 1 for events in ends.values()), ends)
        dry = {event["run_id"] for event in map(json.loads, lines) if event.get("event") == "batch_dry_run"}
        self.assertEqual(begun - set(ends), dry)

    def check_metrics(self, messages, path, counts):
        filters = self.account.client("logs").describe_metric_filters(logGroupName=GROUP)["metricFilters"]
        for entry in filters:
            self.assertIn(f'$.path = "{path}"', entry["filterPattern"])
        found = {entry["metricTransformations"][0]["metricName"]: metric(entry, messages) for entry in filters}
        self.assertEqual(found, counts.metrics())


def milliseconds(line):
    stamp = json.loads(line)["timestamp"]
    return round(datetime.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)


if __name__ == "__main__":
    unittest.main()
