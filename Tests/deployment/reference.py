"""The generated pages of docs/: commands.md, messages.md and schema.md. WRITE_REFERENCE=yes writes them."""

import os
import re
import subprocess

from deployment.messages import AREAS, messages
from monitoring.registry import BINARIES, SOURCE

GENERATED = "<!-- Generated: WRITE_REFERENCE=yes Tests/shell/python.sh deployment/test_reference.py writes this page. -->\n"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def plain(text):
    """Text as Markdown shows it unchanged."""
    return re.sub(r"([\\`*<|])", r"\\\1", text)


def code(text):
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


# Commands and options


def help_texts(function):
    """Lines of reference.sh: kind, name, argument, description."""
    names = {"project": SOURCE, "binaries": BINARIES, "self": SOURCE / "pipeline.sh", "version": "1", "me": "./pipeline.sh"}
    script = 'source "$project/Sources/pipeline/reference.sh" && ' + function
    lines = subprocess.run(["bash", "-c", script], env={**os.environ, **names}, capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in lines.splitlines()]


def commands():
    usage = help_texts("list_usage")
    page = "# Commands and options\n\n" + GENERATED
    page += """
`./pipeline.sh COMMAND --help` prints the same for one command. An option wins over its variable, and the variable over the default.
[Log events](log-events.md) lists the variables of logging and monitoring, [console setup](console-setup.md) those of the console,
[exit codes](troubleshooting.md#exit-codes) how a command can end. `./pipeline.sh` reads no settings file by itself; [schedulers](schedule.md#settings) do,
and so does `sudo business-registry` of the package.

## Commands

"""
    named = {}  # the commands by what is said of them: several can share a line
    for kind, name, argument, text in usage:
        if kind == "command":
            named.setdefault(text, []).append(code(f"{name} {argument}".strip()))
    page += table(["command", "what it does"], [[", ".join(names), plain(text)] for text, names in named.items()])
    page += "\n## Options of a run\n\n"
    rows = []
    for kind, name, argument, text in usage:
        if kind == "option":
            variable, _, meaning = text.partition(" ") if re.match(r"[A-Z_]{3,}\b", text) else ("", "", text)
            rows.append([code(f"{name} {argument}".strip()), code(variable), plain(meaning.strip())])
    page += table(["option", "variable", "default or meaning"], rows)
    page += "\n## Options of each command\n"
    rows = []
    for program in ["fetch", "transform", "load", "console"]:
        for kind, name, argument, text in help_texts(f"list_program {program}"):
            if kind == "section":
                page += options(rows) + f"\n### {name}\n\n{code(f'./pipeline.sh {name} {argument}'.strip())}: {plain(text)}\n"
                rows = []
            else:
                rows.append([code(f"{name} {argument}".strip()), plain(text)])
    return page + options(rows)


def options(rows):
    return "\n" + table(["option", "meaning"], rows) if rows else ""


# Messages


def messages_page():
    page = "# Error messages\n\n" + GENERATED
    page += """
Each error is one line on stderr, and a line `HINT:` for each thing to do. `…` stands for a value. Texts of PostgreSQL, libcurl and the
operating system are passed on after the colon. The exit code says [whether to try again](troubleshooting.md#exit-codes); without one the message is a
warning, and the command continues. [Rules](rules.md) lists the findings of single records. If PostgreSQL answers `permission denied` (69), the message
names the object: have `docs/roles.sql` run again, and grant the login [the role that the command needs](database.md#which-role-a-command-needs).
"""
    used = set()
    for area in AREAS:
        if area == "selftest":
            continue
        page += f"\n## {area}\n\n"
        rows = []
        for message in messages(area):
            words = re.findall(r"\w+", message.text.lower())
            anchor = "-".join(words[:8])
            while anchor in used:
                anchor += "-"
            used.add(anchor)
            rows.append([f'<a id="{anchor}"></a>' + plain(message.text), message.exit_code, plain(message.hint)])
        page += table(["message", "exit", "what to do"], rows)
    return page


# Tables


FOR_READERS = [
    "business", "business_industry_slot", "industry", "registration_change_flat", "registry_day", "registry_freshness",
    "tax_registration", "business_industry", "registration_change", "registration_correction", "publication",
]


def schema(query):
    """`query` returns the rows of an SQL statement as lists of text."""
    page = "# Tables and columns\n\n" + GENERATED
    page += """
What `load` makes in the schema that `DATABASE_URL` names, `public` unless it says otherwise. `\\d+ TABLE` in psql shows the same comments.
[SQL for analysts](sql.md) has statements to begin with. [Rules](rules.md) says which values are stored.

- **The day of the data**: `SELECT source_date FROM registry_freshness`. `data_source_date` is the day of the file that last changed a row.
- **NULL**: the source has no value, or one that is no amount, date or Y/N. The latter has a [warning](rules.md#warnings). If a date is not real,
  `business_setup_date` keeps its text.
- **City and district**: columns of the view `business`, with 臺 for 台: `WHERE city = '臺中市' AND district = '北區'`.
- **Industries**: `"order"` counts the source's columns; 1 is 行業代號. The source does not say which industry is the main one. All
  restaurants: `SELECT * FROM business_industry_slot WHERE industry_code LIKE '5611%'`.
- **Not in the source**: owners or representatives, telephone numbers, e-mail.
- **Branches**: `WHERE headquarters_ban = '20000000'`; the head office is the row with that `ban`.
- **Your own indexes and views** survive every load. A view can make a day on which most businesses change slower
  ([why](database-settings.md#views-triggers-and-inheritance)). With `roles.sql`, create indexes as `registry_owner`, and views in another schema.
"""
    relations = query("""
        SELECT c.oid, c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY c.relname""")
    # Those for readers come first.
    for oid, name, comment in sorted(relations, key=lambda row: FOR_READERS.index(row[1]) if row[1] in FOR_READERS else 99):
        page += f"\n## {name}\n\n{plain(comment)}\n\n"
        page += table(["column", "type", "meaning"], [
            [code(column), kind, plain(meaning)]
            for column, kind, meaning in query(f"""
                SELECT attname, format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '' ELSE ', nullable' END,
                       coalesce(col_description(attrelid, attnum), '')
                FROM pg_attribute WHERE attrelid = {oid} AND attnum > 0 AND NOT attisdropped ORDER BY attnum""")])
    page += "\n## Functions\n\n"
    page += table(["function", "what it returns"], [
        [code(name), plain(comment or "")]
        for name, comment in query("""
            SELECT p.oid::regprocedure, obj_description(p.oid, 'pg_proc') FROM pg_proc p
            WHERE p.pronamespace = 'public'::regnamespace ORDER BY p.proname""")])
    return page
