"""The commands that the documentation shows are run, in a scratch copy of the project, and end with 0. Those that cannot run
here are at least commands and options that exist."""

import dataclasses
import pathlib
import re
import shutil
import subprocess
import unittest
import unittest.mock

from deployment.reference import help_texts
from monitoring.registry import SOURCE, Project, snapshot

PAGES = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]
GENERATED = {"commands.md", "messages.md", "schema.md"}
# Pages that begin with an empty registry.
FIRST = {"README.md", "getting-started.md", "spool.md"}

# Pages whose output is of other data than what these registries hold.
OTHER_DATA = {"changes.md"}

# Why a command is not run here.
NOT_RUN = [
    (r"sudo|systemctl|crontab|install -|apt-get|useradd|chown|mkdir -p /|/opt/|docker|kubectl|/etc/", "changes the machine"),
    (r"pipeline\.sh (compose|up|setup|destroy|cleanup|drill|package|test|selftest|console|schedule|psql$)|Tests/|Benchmarks/|swift |git ", "long, interactive, or has tests of its own"),
    (r"\b(ID|NAME|SNAPSHOT|FILE|REASON|BAN|OWNER|URL|VERSION)\b|…|db\.example\.org|example\.org", "has a placeholder"),
    (r"^(curl|aws|pg_dump|pg_restore|createdb|ssh|rsync|REGISTRY_FAULT|set -a|psql|cat|echo|CREATE|ALTER|GRANT|openssl|tail|\\|fetch|LOG_FILE)", "needs another machine or service"),
    (r"/tmp/|day0\.csv", "needs files of an earlier example"),
    (r"\bconsole\.\w", "needs the tables of the console"),
    (r"--shard", "needs all shards at the same time"),
    (r"replay|withdraw", "needs a correction: Tests/CommandTests/ReplayCommandTests.swift"),
    (r"rollback 2", "names a snapshot of its own"),
    (r"load --force", "shows a damaged file: Tests/CommandTests/Faults"),
    (r"down", "stops the server of the next example"),
    (r"^DROP ", "removes the registry"),
]


@dataclasses.dataclass
class Example:
    page: pathlib.Path
    language: str
    text: str
    output: list | None = None  # lines, where the page shows them

    def reason(self):
        return next((reason for pattern, reason in NOT_RUN if re.search(pattern, self.text)), None)


def examples(page):
    """The commands of the page's fenced blocks. In a block with a prompt, lines without one are output."""
    for language, block in re.findall(r"(?ms)^```(\w*)\n(.*?)^```", page.read_text()):
        if language == "sql":
            yield Example(page, "sql", block)
        elif language == "sh":
            for line in re.sub(r"\\\n", "", block).splitlines():
                if text := re.sub(r"(^|\s)#.*", "", line).strip():
                    yield Example(page, "sh", text)
        elif not language and block.startswith("$ "):
            for text, output in re.findall(r"(?m)^\$ (.*)\n((?:(?!\$ ).*\n)*)", block):
                yield Example(page, "sh", text, output.splitlines())


def all_examples():
    return [example for page in PAGES if page.name not in GENERATED for example in examples(page)]


def normalised(lines):
    """Without what differs between two runs: durations, rates, sizes on disk, names of snapshots, and the width of columns."""
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}", "SNAPSHOT", "\n".join(lines))
    text = re.sub(r"[\d.,]+ (s|records/s)\b", r"N \1", text)
    text = re.sub(r"(?m)^(total +|[ \d.]+[KM])\S*", "SIZE", text)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def is_shown(expected, actual):
    """Whether the expected lines occur in this order; a line '…' stands for any."""
    rest = iter(actual)
    return all(line in rest for line in expected if line != "…")


class Registry:
    """A project whose registry is empty, or has had three days."""

    def __init__(self, days):
        self.project = Project()
        shutil.copytree(SOURCE / "docs", self.project.tree / "docs")
        self.source = self.project.write("today.csv", snapshot(200, bad=1))
        for day in range(days):
            self.project.write("today.csv", snapshot(200 + day, bad=1))
            self.run("./pipeline.sh")

    def run(self, command):
        environment = self.project.environment | {"SOURCE_URL": self.source, "LOG_FORMAT": "text"}
        environment.pop("LOG_FILE")
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", command], cwd=self.project.tree, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=600, check=False)


class ExampleTests(unittest.TestCase):
    def test_every_example_runs(self):
        used = None
        ran = 0
        for page in sorted(PAGES, key=lambda page: page.name not in FIRST):
            if page.name in GENERATED:
                continue
            if used is None or page.name in FIRST or used == "first":
                registry = Registry(days=0 if page.name in FIRST else 3)
                self.addCleanup(registry.project.close)
                used = "first" if page.name in FIRST else "later"
                if page.name == "spool.md":
                    registry.run("./pipeline.sh --sample")
            folder = "."
            for example in examples(page):
                if example.reason():
                    continue
                with self.subTest(page=page.name, command=example.text):
                    ran += 1
                    self.check(registry, example, folder)
                if example.text.startswith("cd spool/"):
                    folder = "spool/SNAPSHOT"
        self.assertGreater(ran, 30)

    def check(self, registry, example, folder):
        if example.language == "sql":
            registry.project.write("example.sql", example.text.encode())
            ended = registry.run(f"./pipeline.sh psql -X -q -v ON_ERROR_STOP=1 -f {registry.project.folder}/example.sql")
        else:
            newest = max((path.name for path in (registry.project.tree / "spool").glob("2*")), default="")
            command = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}", newest, example.text)
            folder = folder.replace("SNAPSHOT", newest)
            ended = registry.run(command if command.startswith("./") else f"cd {folder} && {command}")
        self.assertEqual(ended.returncode, 0, f"{ended.stdout}{ended.stderr}")
        if example.output and example.page.name not in OTHER_DATA:
            expected, actual = normalised(example.output), normalised(ended.stdout.splitlines())
            self.assertTrue(is_shown(expected, actual), f"shown: {expected}\nprinted: {actual}")

    def test_every_command_and_option_exists(self):
        commands, options = set(), {"--export", "--since", "--kind", "--column", "--first", "--ban", "--check"}
        for kind, name, _, _ in help_texts("list_usage"):
            (commands if kind == "command" else options).add(name)
        for program in ["fetch", "transform", "load", "console"]:
            options.update(name for kind, name, _, _ in help_texts(f"list_program {program}") if kind == "option")
        options.update(re.findall(r"--[a-z-]+", (SOURCE / "Sources/pipeline/usage.txt").read_text()))
        for page in PAGES:
            text = page.read_text() if page.name != "messages.md" else ""
            for command, rest in re.findall(r"\./pipeline\.sh(?: ([a-z-]+))?((?: +[^\s`|;)&#]+)*)", text):
                if command in {"compose", "test", "psql"}:
                    continue
                with self.subTest(page=page.name, command=f"{command}{rest}"):
                    self.assertTrue(not command or command in commands or command.startswith("-"), command)
                    self.assertEqual([name for name in re.findall(r"(?<= )--[a-z-]+", rest) if name not in options], [])

    def test_examples_are_found(self):
        with unittest.mock.patch.object(pathlib.Path, "read_text", return_value="```sh\n./a \\\n b   # why\n```\n```\n$ c\nd\n…\n$ e\n```\n"):
            found = list(examples(SOURCE / "x.md"))
        self.assertEqual([(e.text, e.output) for e in found], [("./a  b", None), ("c", ["d", "…"]), ("e", [])])
        self.assertTrue(is_shown(["a", "…", "c"], ["a", "b", "c"]))
        self.assertFalse(is_shown(["c", "a"], ["a", "c"]))


if __name__ == "__main__":
    unittest.main()
