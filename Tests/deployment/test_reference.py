"""The generated pages say what the programs say, and messages have one form."""

import csv
import io
import os
import re
import unittest

from deployment.messages import AREAS, messages, of_shell, of_swift
from deployment.reference import commands, messages_page, schema
from monitoring.registry import SOURCE, Project


class GeneratedPageTests(unittest.TestCase):
    maxDiff = None

    def check(self, name, text):
        page = SOURCE / "docs" / name
        if os.environ.get("WRITE_REFERENCE") == "yes":
            page.write_text(text)
        self.assertEqual(page.read_text(), text, f"{name} is not up to date: WRITE_REFERENCE=yes writes it")

    def test_commands(self):
        self.check("commands.md", commands())

    def test_messages(self):
        self.check("messages.md", messages_page())

    def test_schema(self):
        project = Project()
        self.addCleanup(project.close)
        project.run("--sample", expect=0)

        def query(statement):
            answer = project.run("psql", "-X", "--csv", "--tuples-only", "-c", statement, expect=0).stdout
            return list(csv.reader(io.StringIO(answer)))

        text = schema(query)
        self.assertIn("## tax_registration\n", text)
        self.check("schema.md", text)


# Words of 'How messages are written' in CONTRIBUTING.md: they hide who does what.
UNCLEAR = re.compile(r"\b(nobody|whoever|whatever|mend|made right|is told|in the way|a hand|anew|let go|judged|settled?)\b")


def faults(message):
    first = re.match(r"\w+", message.text)
    if message.text.endswith("."):
        yield "ends with a full stop"
    if first and first.group()[0].isupper() and first.group()[1:].islower():
        if first.group() not in {"Swift", "Docker", "Terraform", "Kubernetes"}:
            yield "begins with a capital letter"
    if found := UNCLEAR.search(message.text + " " + message.hint):
        yield f"says '{found.group()}'"
    if message.exit_code and not message.hint:
        yield "has no hint"
    if message.hint.endswith("."):
        yield "has a hint with a full stop"


class MessageFormTests(unittest.TestCase):
    def test_every_message_has_one_form(self):
        found = [(area, message) for area in AREAS for message in messages(area)]
        self.assertGreater(len(found), 200)
        self.assertEqual([f"{message.place}: '{message.text}' {fault}" for _, message in found for fault in faults(message)], [])

    def test_every_area_has_messages(self):
        for area in AREAS:
            self.assertGreater(len(messages(area)), 5, area)

    def test_faults_are_seen(self):
        source = r'throw Failure(.data, "Nobody is \(here(")"))." + "", hint: "x.")'
        (message,) = of_swift(source)
        self.assertEqual((message.text, message.exit_code, message.hint), ("Nobody is ….", "65", "x."))
        self.assertEqual(len(list(faults(message))), 3)

    def test_messages_are_read_from_any_form(self):
        swift = '''
            throw Failure(
              .usage, isNew ? "one \\(value), and" + " more" : "two", // a comment (with brackets
              hint: "redo it: \\(command: .dryRun, snapshot: id, "--force")")
            log.warning("""
              three \\
              lines
              """)'''
        self.assertEqual([(m.text, m.exit_code) for m in of_swift(swift)], [("one …, and more", "64"), ("two", "64"), ("three lines", "")])
        self.assertEqual(next(of_swift(swift)).hint, "redo it: ./pipeline.sh dry-run --snapshot ID --force")
        shell = 'x || fail 78 "no \\"$1\\" in ${y:-z}: $(f "a b")" "$me setup" \\\n  \'or not\'\n'
        self.assertEqual([(m.text, m.exit_code, m.hint) for m in of_shell(shell)], [('no "…" in …: …', "78", "./pipeline.sh setup; or not")])


if __name__ == "__main__":
    unittest.main()
