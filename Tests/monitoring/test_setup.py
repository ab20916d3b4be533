"""Tests setup, up, drill, destroy and cleanup, with real Terraform on an account on loopback and a stand-in for docker that
only records its arguments."""

import json
import os
import re
import shutil
import stat
import subprocess
import unittest

from . import terraform
from .aws import Account, GROUP
from .filters import metric
from .registry import SOURCE, Project
from .recorder import Recorder

EVERY_PROFILE = " ".join(
    f"--profile {name}" for name in sorted(set(re.findall(r"profiles: \[(\w+)\]", (SOURCE / "compose.yaml").read_text()))))
DOCKER = """#!/bin/sh
case "$*" in
  info | 'compose version') exit "${DOCKER_ANSWERS:-0}" ;;
  *' config') echo 'name: project' && exit ;;
  'ps --all --filter label=com.docker.compose.project=project '*) for folder in ${DOCKER_FOLDERS-}; do echo "$folder"; done; exit ;;
  *' ps '*) for service in ${DOCKER_SERVICES-}; do echo "$service"; done ;;
esac
{
  echo "$*" | sed 's/--project-directory [^ ]* //; s/--env-file [^ ]*/ENV/g'
  echo "  key '$AWS_ACCESS_KEY_ID' secret '$AWS_SECRET_ACCESS_KEY'"
} >>"$DOCKER_CALLS"
exit "${DOCKER_CODE:-0}"
"""


@unittest.skipIf(terraform.missing(), terraform.missing())
class SetupTests(unittest.TestCase):
    def setUp(self):
        self.account = Account()
        self.addCleanup(self.account.close)
        self.project = Project()
        self.addCleanup(self.project.close)
        self.settings = self.project.tree / ".env.local"
        self.calls = self.project.folder / "docker calls"
        programs = self.project.folder / "programs"
        programs.mkdir()
        (programs / "docker").write_text(DOCKER)
        (programs / "docker").chmod(0o755)
        self.project.environment |= terraform.environment(self.project.folder) | self.account.variables("deployer", "deployer")
        self.project.environment |= {
            "PATH": f"{programs}:{os.environ['PATH']}", "DOCKER_CALLS": str(self.calls), "LOG_FORMAT": "text", "LOG_FILE": "",
        }

    def docker_calls(self):
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def saved(self):
        lines = [line for line in self.settings.read_text().splitlines() if not line.startswith("#")]
        return dict(line.split("=", 1) for line in lines)

    def groups(self):
        return self.account.client("logs").describe_log_groups()["logGroups"]

    def test_setup_drill_and_cleanup(self):
        first = self.project.run("setup", expect=0)
        saved = self.saved()
        self.assertEqual(stat.S_IMODE(self.settings.stat().st_mode), 0o600)
        for state in (self.project.tree / "terraform").glob("terraform.tfstate*"):
            self.assertEqual(stat.S_IMODE(state.stat().st_mode) & 0o077, 0, state)
        (key,) = self.account.client("iam").list_access_keys(UserName="business-registry-log-writer")["AccessKeyMetadata"]
        self.assertEqual((saved["AWS_ACCESS_KEY_ID"], saved["CLOUDWATCH_LOG_GROUP"]), (key["AccessKeyId"], GROUP))
        self.assertRegex(saved["POSTGRES_PASSWORD"], "^'[0-9a-f]{48}'$")
        secrets = [saved["AWS_SECRET_ACCESS_KEY"], saved["POSTGRES_PASSWORD"].strip("'")]
        for number in range(1, 6):
            self.assertIn(f"setup {number}/5", first.stderr)
        self.assertIn("dashboards/dashboard/business-registry-etl", first.stderr)
        # Containers get the log writer's key, never the deployer's.
        nothing = "  key '' secret ''"
        self.assertEqual(self.docker_calls(), [
            "compose ENV --profile aws build etl", nothing,
            "compose ENV --profile aws up --detach postgres cloudwatch-agent", nothing,
        ])
        self.check_agent(saved, key["AccessKeyId"])
        # A second setup changes nothing.
        second = self.project.run("setup", expect=0)
        self.assertEqual(self.saved(), saved)
        self.assertIn("No changes.", second.stdout + second.stderr)
        self.project.run("up", expect=0)
        self.assertEqual(self.docker_calls()[-2], "compose ENV --profile aws up --detach")
        # Drills run in the container with the agent's log file.
        for drill in ["fail", "errors", "log"]:
            self.project.run("drill", drill, expect=0)
            self.assertEqual(self.docker_calls()[-2:], [f"compose ENV --profile aws run --rm etl drill {drill}", nothing])
        self.drills_here(saved)
        refused = self.project.run("destroy", expect=64)
        self.assertIn("--yes", refused.stderr)
        self.assertEqual(len(self.groups()), 1)
        last = self.project.run("cleanup", "--yes", "--volumes", expect=0)
        self.assertEqual(self.docker_calls()[-2], f"compose ENV {EVERY_PROFILE} down --remove-orphans --volumes")
        self.assertEqual(self.groups(), [])
        self.assertEqual(self.account.client("iam").list_users()["Users"], [])
        self.assertFalse(self.settings.exists())
        self.assertEqual(list((self.project.tree / "terraform").glob("*.local.*")), [])
        self.assertEqual(list((self.project.tree / "terraform").glob("terraform.tfstate*")), [])
        for ended in [first, second, last]:
            for secret in secrets:
                self.assertNotIn(secret, ended.stdout + ended.stderr)
        self.project.run("cleanup", "--yes", expect=0)
        self.project.run("destroy", "--yes", expect=0)

    def check_agent(self, saved, key_id):
        """Outside AWS, the agent looks for a profile of this name. It runs as another user than the file's owner."""
        credentials = self.project.tree / saved["AGENT_CREDENTIALS"]
        self.assertEqual(stat.S_IMODE(credentials.stat().st_mode), 0o600)
        self.assertEqual(credentials.read_text().splitlines(), [
            "[AmazonCloudWatchAgent]", f"aws_access_key_id = {key_id}",
            f"aws_secret_access_key = {saved['AWS_SECRET_ACCESS_KEY']}"])
        config = self.project.tree / saved["AGENT_CONFIG"]
        self.assertEqual(stat.S_IMODE(config.stat().st_mode), 0o644)
        self.assertEqual(json.loads(config.read_text())["agent"], {"region": saved["AWS_REGION"]})

    def drills_here(self, saved):
        """Without Docker, a drill logs to this machine's own destinations."""
        log = self.project.log_stem
        with self.account.signatures_required():
            for drill in ["fail", "errors", "log"]:
                self.project.run("drill", drill, expect=0, DOCKER_ANSWERS="1", LOG_FILE=str(log), LOG_LEVEL="error")
        console, file = self.account.messages("console"), self.project.log_lines()
        self.assertEqual([message.replace('"path":"console"', '"path":"file"', 1) for message in console], file)
        filters = self.account.client("logs").describe_metric_filters(logGroupName=GROUP)["metricFilters"]
        found = {entry["metricTransformations"][0]["metricName"]: metric(entry, console) for entry in filters}
        self.assertEqual(
            found, {"ErrorCount": 7, "ETLFailed": 1, "ETLFailedTemporarily": 0, "ETLCompleted": 0, "RecordsProcessed": 0,
                    "RecordsRejected": 0, "SourceAgeDays": 0})
        self.assertEqual(sum("one line" in json.loads(message)["message"] for message in console), 1)

    def test_down_and_cleanup_stop_every_profile(self):
        """Both also stop the console, even without settings, and print what they stop."""
        self.assertIn("--profile console", EVERY_PROFILE)
        for command in [["down"], ["cleanup", "--yes", "--volumes"]]:
            ended = self.project.run(*command, expect=0, DOCKER_SERVICES="postgres console")
            self.assertIn("console postgres", ended.stderr)
            options = " --volumes" if "--volumes" in command else ""
            self.assertEqual(self.docker_calls()[-2], f"compose {EVERY_PROFILE} down --remove-orphans{options}")
        calls = len(self.docker_calls())
        self.project.run("down", expect=0)
        self.assertNotIn(" down ", "\n".join(self.docker_calls()[calls:]))

    def test_containers_of_another_folder_with_the_same_name_are_not_touched(self):
        theirs = {"DOCKER_SERVICES": "postgres console", "DOCKER_FOLDERS": "/opt/business-registry"}
        for command in [["down"], ["cleanup", "--yes", "--volumes"]]:
            self.project.run(*command, expect=0, **theirs)
        (self.project.tree / ".env").write_text("POSTGRES_PASSWORD=x\n")
        for command in [["down"], ["up"], ["compose", "down", "--volumes"], ["compose", "--profile", "console", "up", "-d"]]:
            ended = self.project.run(*command, expect=78, **theirs)
            self.assertIn("is already used by the folder '/opt/business-registry'", ended.stderr)
            self.assertIn("COMPOSE_PROJECT_NAME", ended.stderr)
        self.assertNotRegex("\n".join(self.docker_calls()), " (up|down) ")
        for command in [["up"], ["compose", "down"]]:
            self.project.run(*command, expect=0, DOCKER_FOLDERS=str(self.project.tree))
        self.project.run("compose", "version", expect=0, **theirs)

    def test_other_regions_and_installations_are_not_touched_and_a_kept_volume_keeps_its_password(self):
        self.project.run("setup", expect=0, TF_VAR_environment="production", TF_VAR_log_retention_days="90")
        groups, password = self.groups(), self.saved()["POSTGRES_PASSWORD"]
        for command in [["destroy", "--yes"], ["setup"], ["cleanup", "--yes"]]:
            ended = self.project.run(*command, expect=64, AWS_REGION="eu-west-1")
            self.assertIn("are in the region 'ap-northeast-1', but the settings name 'eu-west-1'", ended.stderr)
        self.assertEqual(self.groups(), groups)
        other = Project()
        self.addCleanup(other.close)
        other.environment |= self.project.environment
        ended = other.run("setup", expect=78, TF_VAR_environment="staging")
        self.assertIn("belongs to another installation in this account, with environment 'production'", ended.stderr)
        other.run("destroy", "--yes", expect=0)
        self.assertEqual(self.groups(), groups)
        ended = self.project.run("cleanup", "--yes", expect=0)
        self.assertIn("the database's password stays", ended.stderr)
        self.assertEqual((self.saved(), self.groups()), ({"POSTGRES_PASSWORD": password}, []))

    def test_cleanup_reports_containers_that_it_cannot_stop(self):
        (self.project.tree / ".env").write_text("POSTGRES_PASSWORD=x\n")
        ended = self.project.run("cleanup", "--yes", expect=0, DOCKER_ANSWERS="1")
        self.assertIn("containers may be running", ended.stderr)

    def test_the_key_is_rotated_and_destroy_removes_a_key_made_by_hand(self):
        # Adds what moto lacks: AWS refuses to delete a user with keys, and lists other kinds of credentials.
        recorder, iam, name = Recorder(self.account), self.account.client("iam"), "business-registry-log-writer"
        self.addCleanup(recorder.close)

        def keys():
            return [key["AccessKeyId"] for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]]

        def delete_user(_):
            if keys():
                return 409, b"<ErrorResponse><Error><Code>DeleteConflict</Code><Message>has keys</Message></Error></ErrorResponse>"
            iam.delete_user(UserName=name)
            return 200, b"<DeleteUserResponse/>"

        recorder.answers = {
            "DeleteUser": delete_user,
            "ListServiceSpecificCredentials": lambda _: (
                200, b"<ListServiceSpecificCredentialsResponse><ListServiceSpecificCredentialsResult><ServiceSpecificCredentials/>"
                b"</ListServiceSpecificCredentialsResult></ListServiceSpecificCredentialsResponse>"),
        }
        self.project.environment["AWS_ENDPOINT_URL"] = recorder.url
        self.project.run("setup", expect=0)
        first = self.saved()["AWS_ACCESS_KEY_ID"]
        self.project.run("setup", "--rotate-key", expect=0)
        self.assertEqual(keys(), [self.saved()["AWS_ACCESS_KEY_ID"]])
        self.assertNotEqual(keys(), [first])
        self.assertIn("up --detach --force-recreate postgres cloudwatch-agent", self.docker_calls()[-2])
        iam.create_access_key(UserName=name)
        ended = self.project.run("destroy", "--yes", expect=0)
        self.assertIn("made by hand", ended.stderr)
        self.assertEqual(iam.list_users()["Users"], [])
        self.assertFalse(list((self.project.tree / "terraform").glob("terraform.tfstate*")))

    def test_a_plan_changes_nothing(self):
        ended = self.project.run("setup", "--plan", expect=0)
        self.assertIn("Plan: ", ended.stdout + ended.stderr)
        self.assertEqual((self.groups(), self.docker_calls()), ([], []))
        self.assertFalse(self.settings.exists())

    def test_a_missing_requirement_is_reported_before_anything_is_done(self):
        programs = self.project.folder / "few programs"
        programs.mkdir()
        for name in ["terraform", "docker"]:
            (programs / name).symlink_to(shutil.which(name, path=self.project.environment["PATH"]))
        system = "/usr/bin:/bin"
        cases = {
            "the Docker daemon does not answer": {"DOCKER_ANSWERS": "1"},
            "no AWS credentials": {"AWS_ACCESS_KEY_ID": "", "HOME": "/nonexistent"},
        }
        if not shutil.which("terraform", path=system):
            cases["Terraform is missing"] = {"PATH": system}
        if not shutil.which("docker", path=system):
            (programs / "docker").unlink()
            cases["Docker is missing"] = {"PATH": f"{programs}:{system}"}
        for message, variables in cases.items():
            with self.subTest(message):
                first = "Docker Compose is missing" if "daemon" in message else message
                ended = self.project.run("setup", expect=78, **variables)
                lines = ended.stderr.splitlines()
                self.assertTrue(lines[0].startswith("pipeline.sh: ") and first in lines[0], ended.stderr)
                self.assertTrue(all(line.startswith("HINT: ") for line in lines[1:]), ended.stderr)
                self.assertEqual(self.groups(), [])
                self.assertFalse((self.project.tree / "terraform/.terraform").exists())
                self.assertFalse(self.settings.exists())

    def test_the_agent_uses_the_configured_log_group(self):
        (self.project.tree / ".env").write_text(
            "POSTGRES_PASSWORD='mine # too'\nTF_VAR_log_group_name=/registry/production  # ours\n"
            'TF_VAR_alarm_email="oncall@example.org"\nTF_VAR_metrics_path=file\n')
        self.project.run("setup", expect=0)
        saved = self.saved()
        self.assertNotIn("POSTGRES_PASSWORD", saved)
        self.assertEqual(saved["CLOUDWATCH_LOG_GROUP"], "/registry/production")
        self.assertEqual(self.docker_calls()[0], "compose ENV ENV --profile aws build etl")
        subscriptions = self.account.client("sns").list_subscriptions()["Subscriptions"]
        self.assertEqual([entry["Endpoint"] for entry in subscriptions], ["oncall@example.org"])
        config = json.loads((self.project.tree / saved["AGENT_CONFIG"]).read_text())
        (entry,) = config["logs"]["logs_collected"]["files"]["collect_list"]
        self.assertEqual(entry["log_group_name"], "/registry/production")
        (made,) = self.groups()
        self.assertEqual(made["logGroupName"], "/registry/production")

    def test_a_log_group_created_by_a_process_is_imported(self):
        logs = self.account.client("logs")
        logs.create_log_group(logGroupName=GROUP)
        logs.create_log_stream(logGroupName=GROUP, logStreamName="console")
        ended = self.project.run("setup", expect=0)
        self.assertIn("imported into Terraform's state", ended.stderr)
        (group,) = self.groups()
        self.assertEqual(group["retentionInDays"], 3)
        # destroy keeps the database's password, but no key.
        password = self.saved()["POSTGRES_PASSWORD"]
        self.project.run("destroy", "--yes", expect=0)
        self.assertEqual(self.saved(), {"POSTGRES_PASSWORD": password})
        self.assertEqual(stat.S_IMODE(self.settings.stat().st_mode), 0o600)
        self.project.run("setup", expect=0)
        self.assertEqual(self.saved()["POSTGRES_PASSWORD"], password)

    def test_setup_continues_after_a_failure_of_docker(self):
        ended = self.project.run("setup", expect=69, DOCKER_CODE="1")
        self.assertIn("docker compose build failed", ended.stderr)
        self.project.run("setup", expect=0)

    def test_up_needs_a_password(self):
        ended = self.project.run("up", expect=78)
        self.assertIn("POSTGRES_PASSWORD is not set", ended.stderr)
        self.assertEqual(self.docker_calls(), [])
        self.project.run("drill", "nonsense", expect=64)
        self.assertIn("the drill has no log to write to", self.project.run("drill", "log", expect=78).stderr)


class SecretTests(unittest.TestCase):
    @unittest.skipUnless((SOURCE / ".git").exists(), "no git repository")
    def test_git_ignores_secrets(self):
        for name in [
            ".env", ".env.local", ".env.local.new", "terraform/terraform.tfstate", "terraform/terraform.tfstate.backup",
            "terraform/.terraform/x", "terraform/my.tfvars", "terraform/cloudwatch-agent.local.json",
        ]:
            subprocess.run(["git", "-C", SOURCE, "check-ignore", "-q", name], check=True)

    def test_every_variable_is_described(self):
        """Every variable that compose.yaml reads is in .env.example, after a line that describes it."""
        text = (SOURCE / ".env.example").read_text()
        compose = (SOURCE / "compose.yaml").read_text()
        told = set(re.findall(r"(?m)^#?([A-Z_0-9]+)=", text.split("# --- Terraform")[0]))
        asked = set(re.findall(r"\$\{([A-Z_]+)", compose)) | set(re.findall(r"^      ([A-Z_0-9]+):$", compose, re.M))
        self.assertEqual(asked - {"LOG_FORMAT", "LOG_FILE"}, told)
        is_told = False
        for line in text.splitlines():
            # One line may describe several variables below it.
            is_told = line.startswith("# ") or is_told and re.match(r"#?[A-Za-z_0-9]+=", line) is not None
            self.assertTrue(is_told or not line, f"no description of {line}")


if __name__ == "__main__":
    unittest.main()
