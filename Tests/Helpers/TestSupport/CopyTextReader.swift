/// Parses COPY text according to PostgreSQL's manual, independent of the code that writes it.
public enum CopyTextReader {
  /// Returns rows of fields; nil is NULL.
  public static func rows(_ bytes: [UInt8]) -> [[String?]] {
    var rows: [[String?]] = []
    for line in bytes.split(separator: 10, omittingEmptySubsequences: false).dropLast() {
      rows.append(line.split(separator: 9, omittingEmptySubsequences: false).map { value(Array($0)) })
    }
    return rows
  }

  private static func value(_ field: [UInt8]) -> String? {
    if field == Array("\\N".utf8) { return nil }
    var result: [UInt8] = []
    var index = 0
    while index < field.count {
      if field[index] == 0x5C {
        index += 1
        switch field[index] {
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "r"): result.append(13)
        default: result.append(field[index])
        }
      } else {
        result.append(field[index])
      }
      index += 1
    }
    return String(validating: result, as: UTF8.self)
  }
}
