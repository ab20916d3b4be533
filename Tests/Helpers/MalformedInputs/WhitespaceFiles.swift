/// Every scalar with the property White_Space in Unicode 16, except LF, which an unquoted field cannot contain.
private let whiteSpace =
  "\t\u{B}\u{C}\r \u{85}\u{A0}\u{1680}"
  + "\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200A}"
  + "\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}"

let whitespaceFiles = [
  file(
    "white-space-around", why: "every White_Space scalar goes, at both ends", shortHeader,
    "\(whiteSpace)12345675\(whiteSpace),\(whiteSpace)店\(whiteSpace)\n"),
  file(
    "white-space-in-quotes", why: "in quoted fields too, LF with them", shortHeader,
    "\"\n\(whiteSpace)12345675\",\"\(whiteSpace)\n店\n\"\n"),
  file("white-space-inside", why: "never inside", shortHeader, "12345675,店\(whiteSpace)鋪\n1234 5675,店\n", good),
  file(
    "white-space-only", why: "blank; then missing name", shortHeader,
    "\(whiteSpace),\"\(whiteSpace)\"\n12345675,\(whiteSpace)\n", good),
  file(
    "not-white-space", why: "U+180E, U+200B, U+200C, U+2060, U+FEFF, U+001C stay", shortHeader,
    "12345675,\u{200B}\n20000003,\u{FEFF}店\u{FEFF}\n00000005,\u{180E}\u{200C}店\u{2060}\n10000004,\u{1C}\n\u{200B}\n"),
  file(
    "bytes-like-white-space", why: "trimming by bytes: U+4E20, U+5E85, U+E000 and U+3001 share bytes with it",
    shortHeader, "12345675,\u{4E20}\u{5E85}\u{E000}\n20000003,\u{3001}\u{2027}\u{200B}\u{A1}\u{84}\n"),
  file(
    "white-space-cut", why: "half a U+3000 is bad UTF-8, no space", shortHeader, [0xE3, 0x80], "12345675,店\n12345675,店",
    [0x80], "\n", good),
  file(
    "crlf-as-one-character", why: "CR and LF are one Character: trimming goes by scalar", shortHeader,
    "12345675,\"\r\n店\r\n\"\r\n"),
  file(
    "combining-after-space", why: "a space under a combining mark is still a space", shortHeader,
    "12345675, \u{301}店\n20000003,店 \u{301}\n"),
]

let markerFiles = [
  file(
    "markers-unquoted", why: "NULL, null, NA, N/A are absence", addressHeader,
    "12345675,店,NULL\n20000003,店,null\n00000005,店,NA\n10000004,店,N/A\n00000011,NA,路\n"),
  file(
    "markers-quoted", why: "a shop may be called NA", addressHeader,
    "12345675,\"NULL\",\"null\"\n20000003,\"NA\",\"N/A\"\n"),
  file(
    "markers-trimmed", why: "after trimming, quoted or not", addressHeader,
    "12345675,店, NA\u{3000}\n20000003,\" NA \",\" \"\n"),
  file(
    "markers-not-quite", why: "only those four spellings", addressHeader,
    "12345675,Null,nan\n20000003,na,n/a\n00000005,NULLL,ＮＡ\n10000004,-,NA.\n"),
  file("marker-as-ban", why: "missing is no BAN", shortHeader, "NA,店\n,店\n\"\",店\n", good),
  file(
    "markers-everywhere", why: "no value, no warning", fullHeader,
    "NA,12345675,NULL,店,null,N/A,NA,NULL,NA,null,NULL,NA,N/A,,null,\n"),
  file(
    "markers-quoted-everywhere", why: "values, with their warnings", fullHeader,
    "\"NA\",12345675,\"NULL\",\"NA\",\"null\",\"N/A\",\"NA\",\"NULL\",",
    "\"NA\",\"null\",\"NULL\",\"NA\",\"N/A\",\"\",\"NA\",\"NULL\"\n"
  ),
]
