"""Exports, compared with the tables, with each other and with a plain model; and the examples of docs/analysis-tools.md, run
with the tools themselves."""

import csv
import json
import pathlib
import random
import re
import sqlite3
import subprocess
import unittest

from monitoring.registry import HEADER, SOURCE, Project

CITIES = ["臺北市大安區", "台北市信義區", "新竹市東　區", "嘉義縣民雄鄉", "某處"]
NAMES = ["商行", '=1+1 "公司", 有限', "'引號", "店\\家", "NULL", "雜貨\t行", "  "]
CODES = ["561111", "561113", "471100", "0A1234", ""]
REFERENCE = """
    SELECT row_to_json(r) FROM (
      SELECT r.ban, r.headquarters_ban, r.business_name, r.business_address, address_city(r.business_address) AS city,
        address_district(r.business_address) AS district, r.capital_amount, r.business_setup_date, r.setup_date,
        r.business_type, r.is_use_invoice,
        (SELECT coalesce(json_agg(json_build_object('order', i."order", 'industry_code', i.industry_code,
           'industry_name', i.industry_name) ORDER BY i."order"), '[]') FROM business_industry i WHERE i.business_id = r.ban
        ) AS industries
      FROM tax_registration r ORDER BY r.ban COLLATE "C") AS r
"""


def quoted(value):
    return '"' + value.replace('"', '""') + '"'


class World:
    """A registry that changes from day to day."""

    def __init__(self, seed, size=120):
        self.random = random.Random(seed)
        self.businesses = {f"{self.random.randrange(10**8):08}": self.business() for _ in range(size)}

    def business(self):
        pick = self.random.choice
        codes = [pick(CODES) for _ in range(4)]
        return [
            pick(CITIES) + f"路{self.random.randrange(99)}號", pick(["", "12345675"]), pick(NAMES), pick(["0", "500", "x"]),
            pick(["1100101", "0990230", ""]), pick(["獨資", "有限公司"]), pick("YN"),
            *[cell for code in codes for cell in (code, "業" + code if code else "")]]

    def next_day(self):
        for ban in self.random.sample(sorted(self.businesses), 12):
            if self.random.random() < 0.4:
                del self.businesses[ban]
            else:
                self.businesses[ban][self.random.choice([0, 2, 3])] = self.random.choice([CITIES[0], "新名", "7"])
        for _ in range(5):
            self.businesses[f"{self.random.randrange(10**8):08}"] = self.business()

    def file(self, day):
        lines = [HEADER, f"{day:02}-SEP-26" + "," * 15]
        for ban, (address, head, name, *rest) in self.businesses.items():
            lines.append(",".join(map(quoted, [address, ban, head, name, *rest])))
        return ("\n".join(lines) + "\n").encode()


class ExportTests(unittest.TestCase):
    DAYS = [1, 2, 4]

    @classmethod
    def setUpClass(cls):
        cls.seed = random.randrange(10**9)
        cls.project = Project()
        cls.addClassCleanup(cls.project.close)
        world = World(cls.seed)
        cls.states = {}
        for day in cls.DAYS:
            source = cls.project.write("day.csv", world.file(day))
            cls.project.run("--source", source, "--max-rejects", "50%", "--max-change", "100%", expect=0)
            cls.states[day] = cls.export("jsonl", f"then-{day}.jsonl").read_bytes()
            world.next_day()

    @classmethod
    def export(cls, form, name, *options):
        path = cls.project.folder / name
        cls.project.run("export", form, "--output", str(path), *options, expect=0)
        return path

    def rows(self, day):
        return [json.loads(line) for line in self.states[day].decode().splitlines()]

    def reference(self):
        ended = self.project.run("psql", "-XAtc", REFERENCE, expect=0)
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def test_every_format_has_what_the_tables_have(self):
        with self.subTest(seed=self.seed):
            reference = self.reference()
            self.assertGreater(len(reference), 50)
            self.assertEqual(self.rows(self.DAYS[-1]), reference)
            self.check_csv(reference)
            self.check_sqlite(reference)

    def check_csv(self, reference):
        content = self.export("csv", "all.csv").read_bytes()
        self.assertTrue(content.startswith(b"\xef\xbb\xbf"))
        rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
        for row, expected in zip(rows, reference, strict=True):
            slots = {industry["order"]: industry for industry in expected["industries"]}
            cells = {name: value for name, value in expected.items() if name != "industries"}
            for place, slot in enumerate(sorted(slots), 1):
                cells |= {f"{part}_{place}": slots[slot][part] for part in ["industry_code", "industry_name"]}
            for name, cell in row.items():
                self.assertNotRegex(cell, "^[=+@＝＋－＠-]", row)
                self.assertNotRegex(cell, "^0[0-9]", row)
                value = cells.get(name)
                shown = {None: "", True: "Y", False: "N"}[value] if value is None or isinstance(value, bool) else str(value)
                self.assertEqual(cell.removeprefix("'"), shown, (name, row))

    def check_sqlite(self, reference):
        path = self.export("sqlite", "all.sqlite")
        with sqlite3.connect(path) as database:
            database.row_factory = sqlite3.Row
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            self.assertEqual(dict(database.execute("SELECT name, value FROM about")), {"day": f"2026-09-{self.DAYS[-1]:02}"})
            slots = {}
            for row in database.execute("SELECT * FROM business_industry_slot ORDER BY ban, slot"):
                self.assertEqual(row["division"], row["industry_code"][:2])
                slots.setdefault(row["ban"], []).append(
                    {"order": row["slot"], "industry_code": row["industry_code"], "industry_name": row["industry_name"]})
            found = [dict(row) | {"industries": slots.get(row["ban"], [])}
                     for row in database.execute("SELECT * FROM business ORDER BY ban")]
            for row in found:
                self.assertIn(row["is_use_invoice"], [0, 1, None])
            self.assertEqual(found, reference)
            plan = " ".join(row[3] for row in database.execute(
                "EXPLAIN QUERY PLAN SELECT * FROM business WHERE city = '臺北市' AND district = '大安區'"))
            self.assertIn("USING INDEX business_place", plan)
            schema = database.execute("SELECT sql FROM sqlite_master WHERE name = 'business'").fetchone()[0]
            for column in reference[0]:
                if column != "industries":
                    self.assertRegex(schema, rf"\n  {column} \w+, -- \w", schema)

    def test_an_earlier_day_is_byte_equal_to_the_export_of_that_day(self):
        for day in self.DAYS:
            later = self.export("jsonl", "later.jsonl", "--date", f"2026-09-{day:02}", "--force")
            self.assertEqual(later.read_bytes(), self.states[day], self.seed)
        # A day without a file has the state of the day before it.
        later = self.export("jsonl", "later.jsonl", "--date", "2026-09-03", "--force")
        self.assertEqual(later.read_bytes(), self.states[2], self.seed)

    def test_changes_are_the_difference_of_two_days(self):
        first, last = ({row["ban"]: row for row in self.rows(day)} for day in (self.DAYS[0], self.DAYS[-1]))
        expected = {ban for ban in first.keys() | last.keys() if first.get(ban) != last.get(ban)}
        changes = [json.loads(line) for line in
                   self.export("jsonl", "changes.jsonl", "--from", "2026-09-01").read_text().splitlines()]
        self.assertEqual([row["ban"] for row in changes], sorted(expected), self.seed)
        for row in changes:
            for side, state in ("before", first.get(row["ban"])), ("after", last.get(row["ban"])):
                for column in first[min(first)].keys() - {"ban"}:
                    self.assertEqual(row[f"{column}_{side}"], state and state[column], (column, row, self.seed))
        path = self.export("sqlite", "changes.sqlite", "--from", "2026-09-01", "--to", "2026-09-04")
        with sqlite3.connect(path) as database:
            found = list(database.execute("SELECT ban, kind, city_before, city_after FROM business_change ORDER BY ban"))
        self.assertEqual(
            found, [(row["ban"], row["kind"], row["city_before"], row["city_after"]) for row in changes], self.seed)
        table = list(csv.DictReader(
            self.export("csv", "changes.csv", "--from", "2026-09-01").read_text("utf-8-sig").splitlines()))
        self.assertEqual([row["ban"].removeprefix("'") for row in table], sorted(expected), self.seed)

    def test_filters_select_businesses(self):
        def codes(row, *starts):
            return any(industry["industry_code"].startswith(starts) for industry in row["industries"])
        cases = [
            (["--city", "台北市"], lambda row: row["city"] == "臺北市"),
            (["--city", "臺北市", "--city", "新竹市"], lambda row: row["city"] in ["臺北市", "新竹市"]),
            (["--district", "東區"], lambda row: row["district"] == "東區"),
            (["--industry", "56"], lambda row: codes(row, "56")),
            (["--city", "臺北市", "--industry", "561113", "--industry", "47"],
             lambda row: row["city"] == "臺北市" and codes(row, "561113", "47")),
        ]
        for options, selects in cases:
            with self.subTest(options=options, seed=self.seed):
                path = self.export("jsonl", "some.jsonl", "--force", *options)
                expected = [row for row in self.rows(self.DAYS[-1]) if selects(row)]
                self.assertEqual([json.loads(line) for line in path.read_text().splitlines()], expected)
                before, after = ({row["ban"]: row for row in self.rows(day)} for day in (self.DAYS[0], self.DAYS[-1]))
                path = self.export("jsonl", "some.jsonl", "--force", "--from", "2026-09-01", *options)
                expected = [ban for ban in sorted(before.keys() | after.keys()) if before.get(ban) != after.get(ban) and any(
                    ban in side and selects(side[ban]) for side in (before, after))]
                self.assertEqual([json.loads(line)["ban"] for line in path.read_text().splitlines()], expected)

    def test_usage(self):
        path = self.project.folder / "mine.csv"
        path.write_text("mine")
        for arguments, text in [
            (["csv", "--output", str(path)], "exists already"), (["csv", "--output", str(self.project.folder)], "not a regular file"),
            (["xls"], "is not a format"), (["csv", "--date", "2026-02-30"], "is not a date"),
            (["csv", "--date", "2026-08-31"], "has no state of 2026-08-31"), (["csv", "--to", "2026-09-01"], "--from"),
            (["csv", "--from", "2026-09-04", "--to", "2026-09-01"], "is after"), (["csv", "--city", "臺北"], "is not a city"),
            (["csv", "--city", "''市", "--output", "-"], ""), (["csv", "--district", "大安"], "is not a district"),
            (["csv", "--industry", "餐廳"], "is not a code"), (["sqlite", "--output", "-"], "stdout"), ([], "format"),
        ]:
            with self.subTest(arguments=arguments):
                ended = self.project.run("export", *arguments, LOG_FORMAT="text", LOG_FILE="")
                self.assertEqual(ended.returncode, 0 if not text else 64, ended.stderr)
                self.assertIn(text, ended.stderr)
                self.assertIn("HINT" if text else "", ended.stderr)
        self.assertEqual(path.read_text(), "mine")
        ended = self.project.run("export", "csv", "--output", str(self.project.folder / "none/x.csv"))
        self.assertEqual(ended.returncode, 74)
        for form in ["csv", "sqlite"]:
            ended = subprocess.run(
                ["bash", "-c", f"ulimit -f 8; exec {self.project.tree}/pipeline.sh export {form} --output cut.{form}"],
                cwd=self.project.folder, env=self.project.environment, capture_output=True, text=True, check=False)
            self.assertEqual(ended.returncode, 74, ended.stderr)
        self.assertEqual([entry.name for entry in self.project.folder.glob(".*")], [])
        self.assertEqual(list(self.project.folder.glob("cut.*")), [])

    def test_a_second_writer_of_a_file_is_refused_and_the_first_one_ends_whole(self):
        url = self.project.database_url("registry")
        for form in ["csv", "sqlite"]:
            path = self.project.folder / f"twice.{form}"
            holder = subprocess.Popen(
                ["psql", "-XAtq", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env=self.project.environment)
            holder.stdin.write("BEGIN; LOCK TABLE registration_change IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
            holder.stdin.flush()
            self.assertEqual(holder.stdout.readline().strip(), "held")
            first = subprocess.Popen(
                [self.project.tree / "pipeline.sh", "export", form, "--output", str(path)], env=self.project.environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            # The first one has its temporary file, and waits for the feed.
            while not path.with_name(f".{path.name}.tmp").exists():
                self.assertIsNone(first.poll())
            second = self.project.run("export", form, "--output", str(path))
            self.assertEqual(second.returncode, 75, second.stderr)
            self.assertIn("another process is writing", second.stderr)
            self.assertFalse(path.exists())
            holder.communicate("COMMIT;\n", timeout=60)
            self.assertEqual((first.wait(60), path.exists()), (0, True), first.stdout.read())
            first.stdout.close()
            self.assertEqual([entry.name for entry in path.parent.glob(".twice*")], [])

    def test_what_a_killed_writer_left_of_a_database_is_not_applied_to_a_new_one(self):
        path = self.export("sqlite", "left.sqlite")
        for name in ["-wal", "-journal"]:
            path.with_name(path.name + name).write_bytes(b"x" * 4096)
            path.unlink(missing_ok=True)
            ended = self.project.run("export", "sqlite", "--output", str(path))
            self.assertEqual((ended.returncode, path.exists()), (64, False), ended.stderr)
            self.export("sqlite", "left.sqlite", "--force")
            self.assertEqual([entry.name for entry in path.parent.glob("left.*")], ["left.sqlite"])

    def test_emptied_tables_are_not_exported(self):
        path = self.export("jsonl", "kept.jsonl")
        self.project.run("psql", "-Xqc", "CREATE TABLE kept_rows AS TABLE tax_registration", expect=0)
        self.project.run("psql", "-Xqc", "CREATE TABLE kept_slots AS TABLE business_industry", expect=0)
        self.project.run("psql", "-Xqc", "TRUNCATE tax_registration CASCADE", expect=0)
        ended = self.project.run("export", "jsonl", "--force", "--output", str(path))
        self.project.run("psql", "-Xqc", "INSERT INTO tax_registration TABLE kept_rows", expect=0)
        self.project.run("psql", "-Xqc", "INSERT INTO business_industry TABLE kept_slots", expect=0)
        self.project.run("psql", "-Xqc", "DROP TABLE kept_rows, kept_slots", expect=0)
        self.assertEqual((ended.returncode, path.read_bytes()), (65, self.states[self.DAYS[-1]]), ended.stderr)

    def test_stdout_and_the_name_of_the_file(self):
        ended = self.project.run("export", "jsonl", "--output", "-", expect=0)
        self.assertEqual(ended.stdout.encode(), self.states[self.DAYS[-1]])
        ended = subprocess.run(
            [self.project.tree / "pipeline.sh", "export", "csv", "--from", "2026-09-02"], cwd=self.project.folder,
            env=self.project.environment, capture_output=True, text=True, check=True)
        self.assertIn("'changes-2026-09-02-2026-09-04.csv'", ended.stdout)
        self.assertTrue((self.project.folder / "changes-2026-09-02-2026-09-04.csv").exists())


class ToolTests(unittest.TestCase):
    """Blocks of the page: Python programs, and files of a dbt project that the text before them names."""

    @classmethod
    def setUpClass(cls):
        cls.venv = SOURCE / ".build/analysis-venv"
        made = subprocess.run(
            ["bash", "-c", 'source "$1/Tests/shell/support/venv.sh" && make_venv "$2" "$1/Tests/deployment/analysis-requirements.txt"',
             "-", SOURCE, cls.venv], capture_output=True, text=True, check=False)
        if made.returncode:
            raise unittest.SkipTest(f"unable to install the packages of analysis-requirements.txt: {made.stderr[-300:]}")
        cls.project = Project()
        cls.addClassCleanup(cls.project.close)
        world = World(1)
        for day in (1, 2):
            source = cls.project.write("day.csv", world.file(day))
            cls.project.run("--source", source, "--max-rejects", "50%", "--max-change", "100%", expect=0)
            world.next_day()
        cls.page = (SOURCE / "docs/analysis-tools.md").read_text()
        cls.home = cls.project.folder / "home"
        cls.home.mkdir()
        cls.environment = {
            "PATH": f"{cls.venv}/bin:/usr/bin:/bin", "HOME": str(cls.home), "DO_NOT_TRACK": "1",
            "DATABASE_URL": cls.project.database_url("registry")}

    def run_in(self, folder, *command, expect=0):
        ended = subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(ended.returncode, expect, f"{command}: {ended.stdout}{ended.stderr}")
        return ended.stdout

    def python(self, program):
        return self.run_in(self.project.tree, self.venv / "bin/python", "-c", program)

    def count(self, sql):
        return int(self.project.run("psql", "-XAtc", sql, expect=0).stdout)

    def test_programs(self):
        """Each program runs, and its columns have the types that the tables have."""
        self.project.run("export", "jsonl", "--output", str(self.project.tree / "registry.jsonl"), expect=0)
        # The extension comes from PyPI, too: the program's INSTALL then finds it.
        self.python(
            "import duckdb, pathlib, duckdb_extension_postgres_scanner as e\n"
            "file = next(pathlib.Path(e.__file__).parent.rglob('*.duckdb_extension'))\n"
            "duckdb.connect().execute(f\"INSTALL '{file}'\")")
        programs = re.findall(r"(?ms)^```python\n(.*?)^```", self.page)
        businesses = self.count("SELECT count(*) FROM business")
        taipei = self.count("SELECT count(*) FROM business WHERE city = '臺北市'")
        changes = self.count("SELECT count(*) FROM registration_change")
        pandas = {"ban": "string", "capital_amount": "Int64", "setup_date": "datetime64[ns]", "is_use_invoice": "boolean"}
        polars = {"ban": "String", "capital_amount": "Int64", "setup_date": "Date", "is_use_invoice": "Boolean",
                  "industry_codes": "List(String)"}
        duckdb = {"ban": "VARCHAR", "capital_amount": "BIGINT", "setup_date": "DATE", "is_use_invoice": "BOOLEAN"}
        frame = "[len(businesses), {n: str(t) for n, t in dict(businesses.dtypes).items()}]"
        relation = "[len({0}), dict(zip({0}.columns, map(str, {0}.types)))]"
        expected = [
            (frame, businesses, pandas), (frame, businesses, pandas),
            ("[len(businesses), {n: str(t) for n, t in businesses.schema.items()}]", businesses, polars),
            (relation.format("businesses"), taipei, duckdb | {"industry_codes": "VARCHAR[]"}),
            (relation.format("registrations"), businesses, duckdb), (relation.format("changes"), changes, {"ban": "VARCHAR"}),
        ]
        self.assertEqual(len(programs), len(expected))
        self.assertGreater(min(taipei, changes), 5)
        for program, (result, rows, types) in zip(programs, expected):
            with self.subTest(program=program):
                last = self.python(f"{program}\nimport json\nprint(json.dumps({result}))").splitlines()[-1]
                found, columns = json.loads(last)
                self.assertEqual(found, rows)
                self.assertEqual({name: columns[name] for name in types}, types)

    def test_dbt(self):
        folder = self.project.folder / "dbt"
        names = ["models/registry.yml", "models/moved_businesses.sql", "profiles.yml", "dbt_project.yml"]
        texts = dict(re.findall(r"(?ms)^`([\w/]+\.\w+)`[^\n]*(?:\n[^\n]+)*\n\n```\w+\n(.*?)^```", self.page))
        self.assertEqual(sorted(texts), sorted(names))
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(texts[name])
        self.environment = self.environment | {
            "PGHOST": str(self.project.tree / ".postgres/data"), "PGUSER": "registry", "PGDATABASE": "registry"}
        dbt = [self.venv / "bin/dbt", "--no-send-anonymous-usage-stats"]
        # The data is old although a run looked at it a moment ago.
        self.run_in(folder, *dbt, "source", "freshness", "--profiles-dir", ".", expect=1)
        freshness = json.loads((folder / "target/sources.json").read_text())["results"]
        self.assertEqual([result["status"] for result in freshness], ["error"])
        for _ in range(2):
            self.run_in(folder, *dbt, "build", "--profiles-dir", ".")
            results = json.loads((folder / "target/run_results.json").read_text())["results"]
            self.assertEqual({result["status"] for result in results}, {"pass", "success"})
            self.assertGreaterEqual(len(results), 4)
        moved = "kind = 'changed' AND city_before IS DISTINCT FROM city_after"
        self.assertEqual(
            self.count("SELECT count(*) FROM analysis.moved_businesses"),
            self.count(f"SELECT count(*) FROM registration_change_flat WHERE {moved}"))


if __name__ == "__main__":
    unittest.main()
