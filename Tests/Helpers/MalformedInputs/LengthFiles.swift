/// Limits count Unicode scalars: not bytes, not UTF-16 units, not Characters.
let lengthFiles = [
  lengths("ascii", "x"),
  lengths("three-byte", "店"),
  lengths("four-byte", "𥂁"),
  lengths("combining", "e\u{301}", scalarsEach: 2),
  file(
    "length-address", why: "500 scalars pass, 501 do not", addressHeader, "12345675,店,", repeated("路", 500),
    "\n20000003,店,", repeated("路", 501), "\n"),
  file(
    "length-business-type", why: "50 and 51", "統一編號,營業人名稱,組織別名稱\n12345675,店,", repeated("獨", 50), "\n20000003,店,",
    repeated("獨", 51), "\n"),
  file(
    "length-setup-date", why: "20 is a bad date, 21 is too long", "統一編號,營業人名稱,設立日期\n12345675,店,", repeated("1", 20),
    "\n20000003,店,", repeated("1", 21), "\n"),
  file(
    "length-industry-code", why: "20 is a bad code, 21 is too long", "統一編號,營業人名稱,行業代號2\n12345675,店,", repeated("1", 20),
    "\n20000003,店,", repeated("1", 21), "\n"),
  file(
    "length-industry-name", why: "too long even without a code", "統一編號,營業人名稱,名稱3\n12345675,店,",
    repeated("豆", 255), "\n20000003,店,", repeated("豆", 256), "\n"),
  file(
    "length-no-limit", why: "a long capital or head office is a warning", "統一編號,營業人名稱,資本額,總機構統一編號\n12345675,店,",
    repeated("1", 300), ",", repeated("2", 300), "\n"),
  file(
    "length-trimmed-first", why: "surrounding white space does not count, an escaped quote counts once", shortHeader,
    "12345675,", repeated("\u{3000}", 9), repeated("x", 255), repeated(" ", 9), "\n20000003,\"", repeated("\"\"", 255),
    "\"\n00000005,\"", repeated("\"\"", 256), "\"\n"),
  file("length-before-duplicate", why: "length comes first", shortHeader, good, "20000003,", repeated("x", 256), "\n"),
]

private func lengths(_ name: String, _ text: String, scalarsEach: Int = 1) -> MalformedFile {
  let filler = scalarsEach == 1 ? "" : "x"
  return file(
    "length-name-\(name)", why: "255 scalars pass, 256 do not", shortHeader, "12345675,\(filler)",
    repeated(text, 255 / scalarsEach), "\n20000003,", repeated(text, 256 / scalarsEach), "\n")
}
