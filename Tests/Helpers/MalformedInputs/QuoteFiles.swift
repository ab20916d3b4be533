let quoteFiles = [
  file("quoted", why: "quotes are not part of the value", shortHeader, "\"12345675\",\"店\"\n", good),
  file("quoted-crlf-end", why: "CR after a closing quote, LF behind it", shortHeader, "12345675,\"店\"\r\n", good),
  file("quoted-at-end-of-file", why: "a closing quote may be the last byte", shortHeader, "12345675,\"店\""),
  file("quoted-cr-at-end-of-file", why: "a CR alone may not follow a quote", shortHeader, good, "12345675,\"店\"\r"),
  file("quoted-lone-cr", why: "nor in the middle", shortHeader, "12345675,\"店\"\r,\n", good),
  file("quoted-cr-cr-lf", why: "nor before a CRLF", shortHeader, "12345675,\"店\"\r\r\n", good),
  file("quoted-comma", why: "no field ends there", shortHeader, "12345675,\"店,鋪\"\n", good),
  file(
    "quoted-lf", why: "a record over two lines; lines and records differ from here on", shortHeader,
    "12345675,\"店\n鋪\"\n\"x\n\",\n", good, "bad,x\n"),
  file("quoted-crlf-inside", why: "kept as it is", shortHeader, "12345675,\"店\r\n鋪\"\r\n", good),
  file("quoted-lf-only", why: "trimmed to nothing: missing", shortHeader, "12345675,\"\n\"\n\"\n\",\"\r\n\"\n", good),
  file(
    "doubled-quotes", why: "at both ends, in the middle, alone", shortHeader,
    "12345675,\"\"\"店\"\"鋪\"\"\"\n20000003,\"\"\"\"\n00000005,\"\"\"\"\"\"\n"),
  file("doubled-quote-then-end", why: "the second of three closes", shortHeader, "12345675,\"店\"\"\""),
  file(
    "doubled-quote-left-open", why: "an even number of quotes does not close", shortHeader, good,
    "12345675,\"店\"\"\n00000005,店\n"),
  file("junk-after-quote", why: "one line is lost, no more", shortHeader, "12345675,\"店\"x\n", good),
  file(
    "space-after-quote", why: "white space is junk too", shortHeader, "12345675,\"店\" \n",
    "12345675,\"店\"\u{3000}\n", good),
  file(
    "space-before-quote", why: "such a field is not quoted: its quotes are data, its comma ends it", shortHeader,
    "12345675, \"店\"\n20000003, \"好,店\"\n"),
  file("quote-inside-unquoted", why: "data", shortHeader, "12345675,店\"x\n20000003,\"\"\"好\"\"店\"\n00000005,x\"\"\n"),
  file("open-at-file-start", why: "the header itself is broken", "\"統一編號,營業人名稱\n", good),
  file(
    "open-at-record-start", why: "reading resumes on the next line", shortHeader, "\"12345675,店\n", good, "00000005,店\n"
  ),
  file(
    "open-in-the-middle", why: "the rest of the file is not swallowed", shortHeader, "12345675,\"店\n", good,
    "00000005,店\n"),
  file(
    "open-until-a-later-quote", why: "closed far below, with junk behind: still one line is lost", shortHeader,
    "12345675,\"店\n", good, "00000005,\"店\"\n"),
  file(
    "open-closed-by-a-later-record", why: "two lines make one good record, as CSV has it", shortHeader,
    "12345675,\"店\n00000005,店\"\n", good),
  file("open-at-the-end", why: "with and without LFs behind the quote", shortHeader, good, "12345675,店\n12345676,\""),
  file(
    "open-at-the-end-crlf", why: "the CR before the LF is line end, and the lines below are read", shortHeader, good,
    "12345675,\"店\r\n,\r\n"),
  file("open-at-the-end-cr", why: "a last CR without LF is part of the line", shortHeader, good, "\"\r"),
  file(
    "junk-on-a-second-line", why: "found on line 3, costs line 2, and the remains are a record", shortHeader,
    "12345675,\"店\n鋪\"x\n", good),
  file(
    "junk-after-quoted-crlf", why: "the line ends at the first LF, although that was in quotes", shortHeader,
    "\"a\r\nb\"\"\r\nc\" \r\n", good),
  file(
    "two-errors-running", why: "each line is read again from its own start", shortHeader,
    "\"x\"y\n\"x\"y\n\"\n\"\n\"z\"\"\"\"a\n", good),
  file(
    "quote-alone-on-lines", why: "two lines of one quote are one blank record, three are not", shortHeader, good,
    "\"\n\"\n\"\n\"\n\"\n"),
]
