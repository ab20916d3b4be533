let encodingFiles = [
  badUTF8("lone-continuation", [0x80]),
  badUTF8("latin-1-white-space", [0x85]),
  badUTF8("latin-1-no-break-space", [0xA0]),
  badUTF8("lead-without-continuation", [0xC3]),
  badUTF8("two-of-three", [0xE5, 0xBA]),
  badUTF8("three-of-four", [0xF0, 0xA5, 0x82]),
  badUTF8("overlong-two", [0xC0, 0xA0]),
  badUTF8("overlong-slash", [0xC1, 0xAF]),
  badUTF8("overlong-three", [0xE0, 0x9F, 0xBF]),
  badUTF8("overlong-four", [0xF0, 0x8F, 0xBF, 0xBF]),
  badUTF8("overlong-nul", [0xC0, 0x80]),
  badUTF8("surrogate", [0xED, 0xA0, 0x80]),
  badUTF8("surrogate-pair", [0xED, 0xA1, 0x80, 0xED, 0xB0, 0x80]),
  badUTF8("over-10FFFF", [0xF4, 0x90, 0x80, 0x80]),
  badUTF8("five-bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]),
  badUTF8("ff", [0xFF]),
  badUTF8("big5", [0xA9, 0xB1]),
  badUTF8("nul", [0x00]),
  file(
    "good-at-the-edges", why: "the outermost scalars of each length are fine, noncharacters too", shortHeader,
    "12345675,\u{1}\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}\n"),
  file(
    "four-byte-names", why: "extension B and private use are data", shortHeader,
    "12345675,𥂁𥕢\u{FB56F}\n20000003,\"𡘙\"\n"),
  file(
    "cut-by-a-quote", why: "no scalar continues after an escaped quote", shortHeader, "12345675,\"", [0xE5], "\"\"",
    [0xBA, 0x97], "\"\n", good),
  file(
    "cut-by-a-comma", why: "nor after a comma: the first bad field is named", shortHeader, "12345675", [0xE5], ",",
    [0xBA, 0x97], "\n", good),
  file("cut-by-a-line", why: "two bad records", shortHeader, "12345675,", [0xE5, 0xBA], "\n", [0x97], ",店\n", good),
  file(
    "bad-beyond-the-header", why: "encoding is checked before the field count, and the column has no name", shortHeader,
    "12345675,店,", [0xFE], "\n", [0xFE], ",店,店\n", good),
  file("bad-alone", why: "not blank", shortHeader, ",", [0x80], "\n\u{0}\n\"\u{0}\",\n", good),
  file("bad-and-broken", why: "structure is checked first", shortHeader, "12345675,\"", [0xFF], "\"x\n", good),
  file(
    "bad-at-end-of-file", why: "cut in the middle of a scalar, as a broken download is", shortHeader, good, "12345675,",
    [0xE5, 0xBA]),
  file("bad-in-an-accepted-ban", why: "encoding comes before duplicates", shortHeader, good, "20000003,", [0xFF], "\n"),
]

/// A file with bad bytes in a value, at its end before a comma or a line end, in quotes, and at the end of the file.
private func badUTF8(_ name: String, _ bytes: [UInt8]) -> MalformedFile {
  let bad = Piece(bytes)
  return file(
    "bad-\(name)", why: "INVALID_ENCODING at any position", addressHeader, "20000003,店,路\n12345675,店", bad,
    "鋪,路\n12345675,店",
    bad, ",路\n12345675,\"", bad, "\",路\n12345675,店,", bad, "\r\n", bad, "12345675,店,路\n12345675,店,路", bad)
}
