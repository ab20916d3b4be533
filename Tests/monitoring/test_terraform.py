"""Tests terraform/: its format, its own tests, and a real apply, plan and destroy."""

import json
import pathlib
import shutil
import tempfile
import unittest

from . import registry, terraform
from .aws import Account, GROUP


@unittest.skipIf(terraform.missing(), terraform.missing())
class TerraformTests(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="registry-terraform-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_format_and_its_own_tests(self):
        tool = terraform.Terraform(terraform.copy(self.folder), {})
        tool.run("fmt", "-check", "-recursive")
        tool.run("validate")
        ended = tool.run("test")
        self.assertRegex(ended.stdout, r"Success! [1-9]\d* passed, 0 failed")

    def test_apply_plan_destroy(self):
        account = Account()
        self.addCleanup(account.close)
        tool = terraform.Terraform(terraform.copy(self.folder), account.variables())
        options = ["-input=false", "-var", "alarm_email=oncall@example.org", "-var", "log_retention_days=30"]
        tool.run("apply", "-auto-approve", *options)
        tool.run("plan", "-detailed-exitcode", *options)
        self.check(account, tool.outputs())
        self.check_writer(account, tool.outputs())
        tool.run("destroy", "-auto-approve", *options)
        self.check_gone(account)

    def test_the_deployer_needs_no_more_than_its_policy(self):
        """The rights in terraform/deployer-policy.json are sufficient for a user and for both kinds of role."""
        account = Account()
        self.addCleanup(account.close)
        iam = account.client("iam")
        iam.create_user(UserName="deployer")
        key = iam.create_access_key(UserName="deployer")["AccessKey"]
        policy = (registry.SOURCE / "terraform/deployer-policy.json").read_text()
        iam.put_user_policy(UserName="deployer", PolicyName="deploy", PolicyDocument=policy)
        variables = account.variables(key["AccessKeyId"], key["SecretAccessKey"])
        tool = terraform.Terraform(terraform.copy(self.folder), variables)
        with account.signatures_required():
            for writer in ["user", "ecs", "ec2"]:
                options = ["-input=false", "-var", f"log_writer={writer}", "-var", "alarm_email=oncall@example.org"]
                tool.run("apply", "-auto-approve", *options)
                tool.run("plan", "-detailed-exitcode", *options)
                outputs = tool.outputs()
                self.assertEqual(outputs.get("log_writer_access_key_id") is None, writer != "user")
                self.assertEqual(outputs.get("log_writer_role_arn") is None, writer == "user")
                self.assertEqual(outputs.get("log_writer_instance_profile") is None, writer != "ec2")
            tool.run("destroy", "-auto-approve", *options)

    def check(self, account, outputs):
        logs, cloudwatch = account.client("logs"), account.client("cloudwatch")
        (group,) = logs.describe_log_groups()["logGroups"]
        self.assertEqual((group["logGroupName"], group["retentionInDays"]), (GROUP, 30))
        tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
        self.assertEqual(
            tags, {
                "Project": "business-registry", "Environment": "dev", "ManagedBy": "terraform",
                "Name": "business-registry-logs",
            })
        streams = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
        self.assertEqual({stream["logStreamName"] for stream in streams}, {"console", "file"})
        filters = logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]
        self.assertEqual(
            {(entry["filterName"], entry["metricTransformations"][0]["metricName"]) for entry in filters},
            {(f"business-registry-{name}", name) for name in
             ["ErrorCount", "ETLCompleted", "ETLFailed", "ETLFailedTemporarily", "RecordsProcessed", "RecordsRejected",
              "SourceAgeDays"]})
        alarms = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
        topic = outputs["alarm_topic_arn"]
        self.assertEqual(
            set(alarms), {f"business-registry-{name}" for name in
                          ["high-error-count", "etl-failed", "no-completed-run", "reject-rate", "source-age"]})
        self.assertTrue(all(alarm["AlarmActions"] == [topic] for alarm in alarms.values()))
        errors = alarms["business-registry-high-error-count"]
        self.assertEqual((errors["Threshold"], errors["Period"], errors["OKActions"]), (5, 300, [topic]))
        silence = alarms["business-registry-no-completed-run"]
        (period,) = {query["MetricStat"]["Period"] for query in silence["Metrics"] if "MetricStat" in query}
        self.assertEqual(period * silence["EvaluationPeriods"], 26 * 3600)
        self.assertEqual(silence["TreatMissingData"], "breaching")
        # Every metric of an alarm or the dashboard is produced by a filter.
        made = {(transformation["metricNamespace"], transformation["metricName"])
                for entry in filters for transformation in entry["metricTransformations"]}
        asked = {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms.values() if "MetricName" in alarm}
        for query in [query for alarm in alarms.values() for query in alarm.get("Metrics", [])]:
            if "MetricStat" in query:
                asked.add((query["MetricStat"]["Metric"]["Namespace"], query["MetricStat"]["Metric"]["MetricName"]))
        (dashboard,) = cloudwatch.list_dashboards()["DashboardEntries"]
        body = json.loads(cloudwatch.get_dashboard(DashboardName=dashboard["DashboardName"])["DashboardBody"])
        self.assertEqual([widget["type"] for widget in body["widgets"]], ["alarm"] + ["metric"] * 5 + ["log"])
        for widget in body["widgets"]:
            asked |= {(entry[0], entry[1]) for entry in widget["properties"].get("metrics", [])}
        self.assertEqual(asked, made)
        self.assertEqual(
            set(body["widgets"][0]["properties"]["alarms"]), {alarm["AlarmArn"] for alarm in alarms.values()})
        self.assertIn(dashboard["DashboardName"], outputs["dashboard_url"])
        (mail,) = account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.assertEqual((mail["Protocol"], mail["Endpoint"]), ("email", "oncall@example.org"))

    def check_writer(self, account, outputs):
        """The log writer's key permits the five actions, and no others."""
        key = (outputs["log_writer_access_key_id"], outputs["log_writer_secret_access_key"])
        with account.signatures_required():
            logs = account.client("logs", *key)
            logs.describe_log_streams(logGroupName=GROUP)
            for refused in [
                lambda: logs.delete_log_group(logGroupName=GROUP), lambda: logs.get_log_events(
                    logGroupName=GROUP, logStreamName="console"), account.client("sns", *key).list_topics,
                account.client("logs", key[0], "wrong").describe_log_groups,
            ]:
                with self.assertRaises(logs.exceptions.ClientError):
                    refused()

    def check_gone(self, account):
        self.assertEqual(account.client("logs").describe_log_groups()["logGroups"], [])
        self.assertEqual(account.client("cloudwatch").describe_alarms()["MetricAlarms"], [])
        self.assertEqual(account.client("cloudwatch").list_dashboards()["DashboardEntries"], [])
        self.assertEqual(account.client("sns").list_topics()["Topics"], [])
        self.assertEqual(account.client("iam").list_users()["Users"], [])


if __name__ == "__main__":
    unittest.main()
