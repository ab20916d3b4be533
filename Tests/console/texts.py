"""The texts of the interface, from its tables: tests find a text by its key, so that its wording may change."""

from monitoring.registry import SOURCE


def entries():
    """Yields the fields of each line: key, Chinese, English. An invalid line has another number of fields."""
    for file in sorted((SOURCE / "Sources/Console/ConsoleWeb/Texts").glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                yield line.split("\t")


def text(key, language="zh-TW"):
    return next(entry[1 if language == "zh-TW" else 2] for entry in entries() if entry[0] == key)
