let headerFiles = [
  file("empty", why: "nothing at all"),
  file("bom-only", why: "nothing but a BOM", byteOrderMark),
  file(
    "format-characters", why: "other invisible characters alone",
    "\u{200B}\u{2060}\u{200F}\u{AD}\u{E0020}\u{FEFF}統一編號,營業人名稱\n12345675,店\nx,店\n"),
  file("format-characters-only", why: "and nothing else", "\u{200B}\u{FEFF}"),
  file("broken-bom", why: "is no UTF-8", byteOrderMark, [0xEF, 0xBB], "統一編號,營業人名稱\n12345675,店\n"),
  file(
    "bom-then-space", why: "white space is trimmed, what follows it is the name", byteOrderMark, " \u{200B}統一編號,營業人名稱\n"
  ),
  file("bom-in-quotes", why: "is part of the name", "\"\u{FEFF}統一編號\",營業人名稱\n12345675,店\n"),
  file("newline-only", why: "a header of one empty name", "\n"),
  file("header-only", why: "no accepted record", shortHeader),
  file("header-only-no-newline", why: "the same without LF", "統一編號,營業人名稱"),
  file("nothing-accepted", why: "records, but none good", shortHeader, "x,店\n,\n"),
  file("empty-line-first", why: "the first record is always the header", "\n", shortHeader, good),
  file("html", why: "an error page with status 200", "<!DOCTYPE html>\n<html><body>系統維護中</body></html>\n"),
  file("no-ban-column", why: "no key", "營業人名稱,營業地址\n店,路\n"),
  file("no-name-column", why: "no name", "統一編號,營業地址\n12345675,路\n"),
  file("reordered", why: "positions come from the header", "營業人名稱,名稱1,行業代號1,統一編號\n店,零售,472927,12345675\n"),
  file(
    "published-order-for-too-long", why: "of two overlong values, the first in the published order is named",
    "名稱,設立日期,營業人名稱,統一編號,行業代號\n", "x,123456789012345678901,店,12345675,123456789012345678901\nx,,店,20000003,\n"),
  file(
    "unknown-columns", why: "ignored, except for their count, encoding and blankness",
    "統一編號,停業日期,營業人名稱,\n12345675,x,店,y\n20000003,", [0xFF], ",店,\n,,,z\n"),
  file("unknown-column-twice", why: "only known columns must not repeat", "統一編號,x,營業人名稱,x\n12345675,1,店,2\n"),
  file("known-column-twice", why: "which one counts?", "統一編號,營業人名稱,資本額,資本額\n12345675,店,1,2\n"),
  file("known-column-twice-by-trimming", why: "the same after trimming", "統一編號,營業人名稱,資本額,\"資本額 \"\n12345675,店,1,2\n"),
  file("quoted-header", why: "quotes are not part of the names", "\"統一編號\",\"營業人名稱\"\r\n12345675,店\n"),
  file(
    "quoted-header-with-lf", why: "a header over two lines moves every line number",
    "統一編號,營業人名稱,\"a\nb\"\n12345675,店,\nx\n"),
  file(
    "spaces-around-names", why: "trimmed: space, tab, U+3000, LF in quotes",
    " 統一編號\t,\u{3000}營業人名稱\u{3000},\"\n資本額\"\n12345675,店,1\n"),
  file(
    "zero-width-in-a-name", why: "U+200B is no white space: an unknown column", "統一編號,營業人名稱,資本額\u{200B}\n12345675,店,x\n"
  ),
  file(
    "compatibility-ideograph", why: "U+FA08 looks like 行 and is canonically equivalent, but other bytes",
    "統一編號,營業人名稱,\u{FA08}業代號\n12345675,店,x\n"),
  file("marker-names", why: "a column may be called NULL", "統一編號,NULL,營業人名稱,NA\n12345675,x,店,\n"),
  file("header-bad-utf8", why: "even in an unknown column", "統一編號,營業人名稱,", [0xE7, 0xB5], "\n12345675,店,\n"),
  file("header-nul", why: "NUL is valid UTF-8 and refused all the same", "統一編號,營業人名稱,\u{0}\n12345675,店,\n"),
  file(
    "header-big5", why: "the registry in Big5",
    [0xB2, 0xCE, 0xA4, 0x40, 0xBD, 0x73, 0xB8, 0xB9], ",x\n12345675,x\n"),
  file("header-utf16", why: "contains NUL bytes", [0xFF, 0xFE, 0x71, 0x7D, 0x00, 0x4E, 0x0A, 0x00]),
  file("header-junk-after-quote", why: "a structure error refuses there", "\"統一編號\"x,營業人名稱\n12345675,店\n"),
]

let fieldCountFiles = [
  file(
    "too-few-and-too-many", why: "not as many as the header has", shortHeader, "12345675\n12345675,店,\n12345675,店,x\n",
    good),
  file("other-delimiters", why: "one field each", shortHeader, "12345675;店\n12345675\t店\n12345675，店\n", good),
  file("count-before-ban", why: "a wrong count hides a wrong BAN", shortHeader, "x\nx,店,店\n", good),
  file("trailing-commas", why: "an empty field is a field", addressHeader, "12345675,店,\n20000003,店,,\n,,\n"),
]
