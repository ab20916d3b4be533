let lineEndFiles = [
  file("lf", why: "the plain case", shortHeader, "12345675,店\n", good),
  file("crlf", why: "CR belongs to the line end", "統一編號,營業人名稱\r\n12345675,店\r\n20000003,好店\r\n"),
  file("mixed-ends", why: "each line has its own end", "統一編號,營業人名稱\n12345675,店\r\n20000003,好店\n"),
  file(
    "bom", why: "three bytes before the first column's name, included in offsets", byteOrderMark, shortHeader, good,
    "x\n"),
  file("bom-crlf", why: "both together", byteOrderMark, "統一編號,營業人名稱\r\n12345675,店\r\n"),
  file(
    "bom-twice", why: "both are dropped", byteOrderMark, byteOrderMark,
    shortHeader, good),
  file("bom-before-quote", why: "the first field is still quoted", byteOrderMark, "\"統一編號\",營業人名稱\n", good),
  file("bom-in-front-of-a-record", why: "there it is data", shortHeader, byteOrderMark, good, good),
  file("half-a-bom", why: "two of three bytes are no BOM but bad UTF-8", [0xEF, 0xBB], shortHeader, good),
  file("no-final-newline", why: "the last record ends at the end", shortHeader, "12345675,店"),
  file("ends-in-a-comma", why: "the last field is empty", shortHeader, good, "12345675,"),
  file("ends-in-cr", why: "without LF it is data, trimmed away", shortHeader, "12345675,店\r"),
  file("ends-in-cr-cr-lf", why: "the first CR is data", shortHeader, "12345675,店\r\r\n", good),
  file("ends-in-ctrl-z", why: "the end mark of DOS is a record of one field", shortHeader, good, "\u{1A}"),
  file("lone-cr-inside", why: "no line end, no white space to drop", shortHeader, "12345675,店\r鋪\n", good),
  file(
    "lone-cr-between-records", why: "an old Mac's file is one long record", shortHeader, good,
    "12345675,店\r20000003,店\n"),
  file("cr-after-comma", why: "a field of one CR is missing", shortHeader, good, "12345675,\r,\r\n"),
  file("only-cr-lines", why: "blank, each of them", shortHeader, "\r\n\r\r\n\r\r\r\n", good, "\r"),
  file("empty-lines", why: "records of one empty field: they count", shortHeader, "\n\n", good, "\n\r\n12345675,\n\n"),
  file(
    "blank-records", why: "blank with any number of fields", shortHeader,
    ",\n,,,,\n \n\u{3000},\t\n\"\",\" \"\nNA,NULL,null,N/A\n", good),
  file("blank-with-a-quoted-marker", why: "a quoted NA is there", shortHeader, "NA,\"NA\"\n\"NULL\"\n", good),
]
