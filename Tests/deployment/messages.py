"""The error and warning messages in the sources, as docs/messages.md lists them. Values that vary are shown as '…'."""

import pathlib
import re
from dataclasses import dataclass

from monitoring.registry import SOURCE

EXIT_CODES = {
    "usage": "64", "data": "65", "notReady": "66", "unavailable": "69", "bug": "70", "storage": "74", "temporary": "75",
    "configuration": "78", "stopped": "128+n",
}
WARNINGS = r"log\.warning|logger\.warning|\.advice|\.warning"
# The parts of the page, each with the folders of its messages.
AREAS = {
    "pipeline.sh": ["pipeline.sh", "Sources/pipeline"],
    "fetch": ["Sources/Stages/FetchStage", "Sources/Commands/fetch"],
    "transform": ["Sources/Stages/TransformStage", "Sources/Commands/transform"],
    "load": ["Sources/Stages/LoadStage", "Sources/Commands/load"],
    "console": ["Sources/Console", "Sources/Commands/console"],
    "Every command": ["Sources/Core", "Sources/Clients", "Sources/Logging"],
    "selftest": ["Sources/Tools"],
}


@dataclass(frozen=True, order=True)
class Message:
    text: str
    exit_code: str  # empty for a warning
    hint: str
    place: str  # file and line


def messages(area):
    """The messages of an area, without repetitions, by exit code and text."""
    found = set()
    for folder in AREAS[area]:
        path = SOURCE / folder
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix == ".swift":
                found.update(of_swift(file.read_text(), file))
            elif file.suffix == ".sh":
                found.update(of_shell(file.read_text(), file))
    unique = {(message.text, message.exit_code, message.hint): message for message in sorted(found)}
    return sorted(unique.values(), key=lambda message: (message.exit_code or "9", message.text))


# Swift


def of_swift(source, file=pathlib.Path("x.swift")):
    defaults = default_hints()
    for call in re.finditer(rf"(?<![\w.])Failure\(|(?:{WARNINGS})\(", source):
        place = f"{file.name}:{source.count(chr(10), 0, call.start()) + 1}"
        given = arguments(source, call.end() - 1)
        if call.group().startswith("Failure"):
            category = re.match(r"\.(\w+)", given[0])
            if not category or category.group(1) not in EXIT_CODES:
                continue  # 'Failure(error)' and the like say what another error says
            category, text, hints = category.group(1), given[1], given[2:]
        else:
            category, text, hints = "", given[0], []
        texts = literals(text)
        hint = next((shown_hints(argument) for argument in hints if argument.startswith("hint")), [defaults.get(category, "")])
        # With as many alternatives as the message has, each belongs to one.
        hint = hint if len(hint) == len(texts) else [" — or: ".join(hint)] * len(texts)
        for shown, what_to_do in zip(texts, hint):
            if re.search(r"\w", shown):
                yield Message(shown, EXIT_CODES.get(category, ""), what_to_do, place)


def shown_hints(expression):
    """The alternatives of '?:' and '??'; the texts of an array one after the other."""
    name, expression = re.match(r"(hints?): *(.*)", expression, re.DOTALL).groups()
    texts = literals(expression) or ["do what the hint says"]
    return ["; ".join(texts)] if name == "hints" else texts


def default_hints():
    source = (SOURCE / "Sources/Core/Support/Failures/Failure.swift").read_text()
    return {
        name: literals(text)[0]
        for names, text in re.findall(r'case ((?:\.\w+(?:, )?)+): ("(?:[^"\\]|\\\([^)]*\)|\\.)*")', source)
        for name in re.findall(r"\w+", names)
    }


def arguments(source, position):
    """The arguments of the call whose parenthesis is at the position."""
    found, depth, start = [], 0, position + 1
    while True:
        character = source[position]
        if character == '"':
            position = literal(source, position)[1]
            continue
        if source.startswith("//", position):
            position = source.index("\n", position)
            continue
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
        if depth == 0 or character == "," and depth == 1:
            found.append(re.sub(r"\A(\s*//.*\n)+", "", source[start:position]).strip())
            start = position + 1
        if depth == 0:
            return [argument for argument in found if argument]
        position += 1


def literal(source, position):
    """The text of the literal at the position, and the position behind it."""
    mark = '"""' if source.startswith('"""', position) else '"'
    text, position = "", position + len(mark)
    while not source.startswith(mark, position):
        if source.startswith("\\(", position):
            end = position + 1
            inside = ", ".join(arguments(source, end))
            depth = 0
            while True:
                if source[end] == '"':
                    end = literal(source, end)[1]
                    continue
                depth += {"(": 1, ")": -1}.get(source[end], 0)
                end += 1
                if depth == 0:
                    break
            text, position = text + interpolation(inside), end
        elif source[position] == "\\":
            text, position = text + source[position + 1].strip(), position + 2
        else:
            text, position = text + source[position], position + 1
    return re.sub(r"\s+", " ", text).strip() if mark != '"' else text, position + len(mark)


def interpolation(expression):
    if "PipelineCommand.script" in expression:
        return "./pipeline.sh"
    command = re.match(r"command: \.(\w+)", expression)
    if not command:
        return "…"
    name = re.sub(r"[A-Z]", lambda letter: "-" + letter.group().lower(), command.group(1))
    words = ["./pipeline.sh", name]
    words += ["--snapshot ID"] if "snapshot:" in expression else []
    words += ["--chunk N"] if "chunk:" in expression else []
    # The last argument is a text of options. 'snapshot: "ID"' is a text as well.
    options = [argument for argument in arguments(f"({expression})", 0) if not re.match(r"\w+: ", argument)]
    return " ".join(words + [literal(option, 0)[0] if option.startswith('"') else "ID" for option in options])


def literals(expression):
    """The texts that an expression of literals, '+' and '? :' can have."""
    expression = re.sub(r"^(hints?|message): *", "", expression)
    texts, joined, position, depth = [], None, 0, 0
    while position < len(expression):
        character = expression[position]
        if character == '"':
            text, position = literal(expression, position)
            joined = (joined or "") + text
            continue
        depth += {"(": 1, ")": -1}.get(character, 0)
        ends = character == ":" or character == "," and depth == 0 or expression.startswith("??", position)
        if joined is not None and ends:
            texts, joined = [*texts, joined], None
        position += 1
    return texts if joined is None else [*texts, joined]


# Shell


def of_shell(source, file=pathlib.Path("x.sh")):
    for call in re.finditer(r"(?<![\w-])(?:fail (\d+)|warn|(report_limit)) ", source):
        place = f"{file.name}:{source.count(chr(10), 0, call.start()) + 1}"
        words = shell_words(source[call.end() :])
        if words:
            yield Message(words[0], call.group(1) or (call.group(2) and "75") or "", "; ".join(words[1:]), place)


def shell_words(source):
    """The quoted words at the beginning of the source."""
    words = []
    while word := re.match(r"(?:\s|\\\n)*(\"(?:[^\"\\$]|\\.|\$\((?:[^()]|\([^()]*\))*\)|\$)*\"|'[^']*')", source):
        if "\n" in word.group().replace("\\\n", ""):
            break
        words.append(shell_text(word.group(1)[1:-1]))
        source = source[word.end() :]
    return words


def shell_text(text):
    text = re.sub(r"\$me\b|\$\{me[^}]*\}", "./pipeline.sh", text)
    text = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|\$[\w*@]+", "…", text)
    return re.sub(r"\\(.)", r"\1", text)
