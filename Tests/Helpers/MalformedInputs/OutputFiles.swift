/// Values with a meaning in the output formats: COPY text for accepted records, JSON for findings.
let outputFiles = [
  file(
    "copy-null", why: "COPY writes NULL as \\N: as a value it is two characters", addressHeader,
    "12345675,\\N,\\n\n20000003,\"\\N\",\\\\N\n"),
  file("copy-end", why: "\\. alone on a line ends COPY", shortHeader, "12345675,\\.\n20000003,\"\n\\.\n\"\n"),
  file(
    "copy-backslashes", why: "at the ends, before what would escape", addressHeader,
    "12345675,店\\,\\路\n20000003,\\t\\,\\\\\n00000005,\\x41,\\101\\\n"),
  file(
    "copy-control-bytes", why: "tab, LF, CR, VT, FF and BS inside a value", addressHeader,
    "12345675,店\t鋪,路\r路\n20000003,\"店\n鋪\",\"路\r\n路\"\n00000005,店\u{B}鋪\u{C}鋪,路\u{8}路\u{7F}\n"),
  file(
    "copy-null-inside-quotes", why: "empty in quotes is NULL, not empty text", addressHeader, "12345675,店,\"\"\n"),
  file(
    "json-controls", why: "in raw: controls, quotes, backslashes, separators", shortHeader,
    "\u{1}\u{8}\u{B}\u{1F}\u{7F}\u{85}\u{2028}\u{2029},\\u0041\\\n\"a\"\"b\",/\"\n\"</script>\",\"\t\"\n", good),
  file(
    "json-astral", why: "in raw: outside the first plane, and unpaired nothing", shortHeader,
    "𥂁,\u{FB56F}\u{10FFFF}\u{FFFE}\n", good),
  file(
    "json-bad-raw", why: "invalid UTF-8 in raw is base64", shortHeader, "x,", [0xFF], "\n\"", [0xFF], "\"x\n", good
  ),
]
