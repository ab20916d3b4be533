import ReferenceImplementation

/// The header of the small cases.
let short = "統一編號,營業人名稱\n"

let full =
  "營業地址,統一編號,總機構統一編號,營業人名稱,資本額,設立日期,組織別名稱,使用統一發票,"
  + "行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2,行業代號3,名稱3\n"

func read(_ text: String) -> ReferenceResult {
  referenceRead(Array(text.utf8))
}

func read(_ text: String, _ bytes: [UInt8], _ rest: String) -> ReferenceResult {
  referenceRead(Array(text.utf8) + bytes + Array(rest.utf8))
}

/// Reads one record with a valid BAN, a name and a value in one more column.
func readValue(_ column: String, _ value: String) -> ReferenceResult {
  read("統一編號,營業人名稱,\(column)\n12345675,店,\(value)\n")
}

extension ReferenceResult {
  /// `1 INVALID_BAN 統一編號`: record, code and column of each finding.
  var verdicts: [String] {
    findings.map { "\($0.record) \($0.code)\($0.column.map { " " + $0 } ?? "")" }
  }

  var names: [String] { registrations.map { $0["business_name"] ?? "" } }

  /// `472927 豆 1`: code, name and order of each industry.
  var slots: [String] { industries.map { "\($0.code) \($0.name ?? "-") \($0.order)" } }

  /// The texts of the findings' records.
  var raws: [String] { findings.map { String(decoding: $0.raw, as: UTF8.self) } }
}
