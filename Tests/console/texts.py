"""What the interface says, as its tables have it: tests look for a text by its key, whatever its words become."""

from monitoring.registry import SOURCE


def entries():
    """Key, Chinese, English; where a line is no such entry, its parts."""
    for file in sorted((SOURCE / "Sources/Console/ConsoleWeb/Texts").glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                yield line.split("\t")


def text(key, language="zh-TW"):
    return next(entry[1 if language == "zh-TW" else 2] for entry in entries() if entry[0] == key)
