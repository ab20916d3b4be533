let stampFiles = [
  file("stamp", why: "is no record", fullHeader, "01-SEP-26,,,,,,,,,,,,,,,\n", "路,12345675,,店,,,,,,,,,,,,\n"),
  file("stamp-no-final-newline", why: "a stamp, then nothing: no accepted record", shortHeader, "01-SEP-26,"),
  file(
    "stamp-crlf-bom", why: "as Windows writes it", byteOrderMark, "統一編號,營業人名稱\r\n29-FEB-24,\r\n20000003,好店\r\nx,\r\n"),
  file("stamp-one-field", why: "the rest is missing: there is none", shortHeader, "01-SEP-26\n", good, "01-SEP-26\n"),
  file(
    "stamp-extra-field", why: "any number of fields, all missing", shortHeader, "01-SEP-26,,,NA, ,\"\"\n", good),
  file(
    "stamp-extra-value", why: "a value beyond the header's columns counts", shortHeader, "01-SEP-26,,x\n", good),
  file(
    "stamp-17th-field", why: "sixteen columns, seventeen fields", fullHeader, "01-SEP-26,,,,,,,,,,,,,,,,\n",
    "路,12345675,,店,,,,,,,,,,,,\n"),
  file("stamp-quoted-marker", why: "a quoted NA is a value", shortHeader, "01-SEP-26,\"NA\"\n", good),
  file("stamp-quoted", why: "the date itself may be quoted", shortHeader, "\"01-SEP-26\",\n", good),
  file("stamp-spaces", why: "trimmed", shortHeader, "\u{3000}31-DEC-99 ,\t\n", good),
  file(
    "stamp-quoted-lf", why: "trimmed of LFs too: record 1 starts on line 4", shortHeader, "\"\n01-SEP-26\", \n", "x,\n",
    good),
  file(
    "stamp-other-locale", why: "an unreadable date, and not a record", shortHeader, "02-9月 -26,\n", good,
    "31-8月 -26,\n"),
  file("stamp-no-text", why: "no date either, as base64", shortHeader, [0x80], ",\n", good),
  file(
    "stamp-too-wide", why: "a long one", shortHeader, repeated("x", 3000), ",\n", good),
  file("stamp-lower-case", why: "no date, and no record", shortHeader, "01-sep-26,\n", good),
  file("stamp-31-feb", why: "not a real date", shortHeader, "31-FEB-26,\n", good),
  file("stamp-29-feb", why: "2023 has none", shortHeader, "29-FEB-23,\n", good),
  file("stamp-full-width", why: "ASCII digits only", shortHeader, "０1-SEP-26,\n", good),
  file("stamp-one-digit", why: "two digits each", shortHeader, "1-SEP-26,\n", good),
  file("stamp-four-digit-year", why: "two digits each", shortHeader, "01-SEP-2026,\n", good),
  file("stamp-day-zero", why: "not a real date", shortHeader, "00-SEP-26,\n", good),
  file("stamp-with-name", why: "a name makes it a record", shortHeader, "01-SEP-26,店\n", good),
  file("stamp-second-column", why: "only the first field counts", shortHeader, ",01-SEP-26\n", good),
  file(
    "stamp-first-field-reordered", why: "the first field, of any column", "營業人名稱,統一編號\n01-SEP-26,\n店,12345675\n"),
  file("stamp-after-blank", why: "record 2 of the file or nothing", shortHeader, "\n01-SEP-26,\n", good),
  file("stamp-twice", why: "the second is a record", shortHeader, "01-SEP-26,\n02-SEP-26,\n", good),
  file("stamp-last", why: "too late", shortHeader, good, "01-SEP-26,\n"),
  file("stamp-broken", why: "a structure error is no stamp", shortHeader, "\"01-SEP-26\"x,\n01-SEP-26,\n", good),
  file("stamp-open-quote", why: "nor is an open one", shortHeader, "01-SEP-26,\"\n", good),
  file("stamp-bad-utf8", why: "bad bytes are not missing", shortHeader, "01-SEP-26,", [0x80], "\n", good),
  file("stamp-nul", why: "nor is NUL", shortHeader, "01-SEP-26,\u{0}\n", good),
]
