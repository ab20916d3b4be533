/// A file with one record per value of a column: values that look right but are wrong, or the reverse.
private func values(_ name: String, why: String, column: String, _ values: [String]) -> MalformedFile {
  var text = "統一編號,營業人名稱,\(column)\n"
  for (index, value) in values.enumerated() { text += "\(ban(index)),店,\(value)\n" }
  return file(name, why: why, "\(text)")
}

let capitalFiles = [
  values(
    "capital-good", why: "all of these are numbers", column: "資本額",
    ["0", "000", "0400", "1000.0", "1000.000", "\"1,000\"", "\"12,345,678\"", "\"0,000\"", "\"1,000.00\"", " 7 "]),
  values(
    "capital-bad", why: "none of these is", column: "資本額",
    ["-1", "+1", "1 000", "1.5", "1.", ".0", "1.0.0", "\"1,00\"", "\"1000,000\"", "\",100\"", "\"1,\"", "\"1,,000\""]),
  values(
    "capital-bad-scripts", why: "nor any of these", column: "資本額",
    ["１２３", "٣", "1e3", "0x1F", "壹萬", "1_000", "\"1，000\"", "\"NULL\"", "\"1\n2\"", "1\u{200B}"]),
  values(
    "capital-bound", why: "2^63-1 is the last", column: "資本額",
    [
      "9223372036854775807", "9223372036854775808", "9223372036854775807.00",
      "0000000000000000000009223372036854775807",
      "\"9,223,372,036,854,775,807\"", "\"9,223,372,036,854,775,808\"", "18446744073709551617", "99999999999999999999",
    ]),
]

let dateFiles = [
  values(
    "date-good", why: "days that were", column: "設立日期",
    ["0400711", "1130229", "0010101", "9991231", "0890229", "\"0400711\"", " 1151231"]),
  values(
    "date-bad", why: "days that were not", column: "設立日期",
    ["1120229", "1130230", "0001231", "0000000", "1131301", "1130001", "1130100", "1130431", "1890229"]),
  values(
    "date-form", why: "not seven ASCII digits", column: "設立日期",
    [
      "20240229", "400711", "０４００７１１", "04007 1", "-040071", "040/7/1", "113-2-9", "\"NA\"", "+400711",
      "040071\u{200B}",
    ]),
]

let flagFiles = [
  values(
    "flags", why: "Y, y, N, n and nothing else", column: "使用統一發票",
    ["Y", "y", "N", "n", " Y ", "\"n\"", "", "YES", "1", "是", "Ｙ", "\"NA\"", "Y\u{301}", "t"])
]
