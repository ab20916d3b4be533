"""Compares the CloudWatch agent's configuration with the log files that the stages write."""

import datetime
import fnmatch
import json
import os
import re
import unittest

import jsonschema

from .aws import GROUP
from .registry import SOURCE, Project, snapshot

CONFIG = json.loads((SOURCE / "terraform/cloudwatch-agent.json").read_text())
SCHEMA = os.environ.get("AGENT_SCHEMA")
# How the agent interprets the directives of a timestamp format (its documentation, "timestamp_format").
DIRECTIVES = {
    "%Y": r"\d{4}", "%m": r"\d{2}", "%d": r"\d{2}", "%H": r"\d{2}", "%M": r"\d{2}", "%S": r"\d{2}", "%f": r"\d{1,9}",
    "%z": r"[+-]\d{4}",
}


class AgentTests(unittest.TestCase):
    @unittest.skipUnless(SCHEMA, "AGENT_SCHEMA is not set to a copy of the agent's published JSON schema")
    def test_the_schema(self):
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        validator = jsonschema.validators.validator_for(schema)(schema)
        self.assertEqual([error.message for error in validator.iter_errors(CONFIG)], [])
        # The schema rejects an invalid configuration.
        self.assertTrue(list(validator.iter_errors({"logs": {"unheard_of": 1}})))

    def test_the_files_are_found_and_read_line_by_line(self):
        (entry,) = CONFIG["logs"]["logs_collected"]["files"]["collect_list"]
        self.assertEqual((entry["log_group_name"], entry["log_stream_name"]), (GROUP, "file"))
        self.assertEqual(CONFIG["logs"]["force_flush_interval"], 5)
        project = Project()
        self.addCleanup(project.close)
        project.run("dry-run", "--source", project.write("one.csv", snapshot(9, bad=9)), expect=65)
        pattern = os.path.basename(entry["file_path"])
        names = [path.name for path in project.log_stem.parent.iterdir()]
        found = fnmatch.filter(names, pattern)
        self.assertEqual(sorted(set(names) - set(found)), ["etl.log.lock"])
        self.assertEqual(len(found), 1)
        stamp = re.escape(entry["timestamp_format"])
        for directive, expression in DIRECTIVES.items():
            stamp = stamp.replace(re.escape(directive), f"(?:{expression})")
        for line in project.log_lines():
            self.assertRegex(line, entry["multi_line_start_pattern"])
            match = re.search(stamp, line)
            self.assertEqual(match[0], json.loads(line)["timestamp"])
            datetime.datetime.strptime(match[0], entry["timestamp_format"])


if __name__ == "__main__":
    unittest.main()
