/// The result of validating one record, except for `DUPLICATE`, which needs the other records.
enum ReferenceValidation {
  case blank
  case rejected(Issue)
  case accepted(Accepted)

  struct Issue {
    var code: String
    var column: String?
  }

  struct Accepted {
    var registration: ReferenceRegistration
    var industries: [ReferenceIndustry] = []
    var warnings: [Issue] = []
    var repeatedIndustryCodes = 0
    var industryNamesWithoutCode = 0
  }
}

func validate(_ record: ScannedRecord, _ header: Header) -> ReferenceValidation {
  func rejected(_ code: String, _ column: String? = nil) -> ReferenceValidation {
    .rejected(ReferenceValidation.Issue(code: code, column: column))
  }

  // The first error that applies decides: their order is part of the rules.
  if let error = record.error { return rejected(error.rawValue) }
  let values = record.fields.map { FieldValue($0) }
  if values.allSatisfy({ $0.isMissing }) { return .blank }
  if let position = values.firstIndex(where: { $0.isUndecodable }) {
    return rejected("INVALID_ENCODING", header.knownColumn(at: position))
  }
  if values.count != header.columns.count { return rejected("FIELD_COUNT") }

  func value(_ column: String) -> String? {
    header.position(of: column).flatMap { values[$0].text }
  }
  guard let ban = value("統一編號"), isDigits(ban, count: 8) else { return rejected("INVALID_BAN", "統一編號") }
  guard value("營業人名稱") != nil else { return rejected("MISSING_NAME", "營業人名稱") }
  for column in knownColumns {
    if let limit = column.limit, let text = value(column.name), text.unicodeScalars.count > limit {
      return rejected("VALUE_TOO_LONG", column.name)
    }
  }
  return .accepted(accept(ban: ban, value: value))
}

private func accept(ban: String, value: (String) -> String?) -> ReferenceValidation.Accepted {
  var registration = ReferenceRegistration(["ban": ban])
  var accepted = ReferenceValidation.Accepted(registration: registration)
  func warn(_ code: String, _ column: String) {
    accepted.warnings.append(ReferenceValidation.Issue(code: code, column: column))
  }
  /// Stores the converted value, or warns if it cannot be converted.
  func store(_ column: String, of source: String, orWarn code: String, _ make: (String) -> String?) {
    guard let text = value(source) else { return }
    registration[column] = make(text)
    if registration[column] == nil { warn(code, source) }
  }

  // The order of the warnings is part of the rules too.
  if !isBANChecked(ban) { warn("BAN_CHECKSUM", "統一編號") }
  store("headquarters_ban", of: "總機構統一編號", orWarn: "INVALID_HEADQUARTERS_BAN") { isDigits($0, count: 8) ? $0 : nil }
  store("capital_amount", of: "資本額", orWarn: "INVALID_CAPITAL") { capital($0).map(String.init) }
  store("setup_date", of: "設立日期", orWarn: "INVALID_DATE", republicDate)
  store("is_use_invoice", of: "使用統一發票", orWarn: "INVALID_INVOICE_FLAG") { text in
    ["Y": "t", "y": "t", "N": "f", "n": "f"].first { sameBytes($0.key, text) }?.value
  }
  for column in knownColumns {
    if let text = column.text { registration[text] = value(column.name) }
  }
  accepted.registration = registration

  for (slot, suffix) in ["", "1", "2", "3"].enumerated() {
    let industryName = value("名稱" + suffix)
    guard let code = value("行業代號" + suffix) else {
      if industryName != nil { accepted.industryNamesWithoutCode += 1 }
      continue
    }
    if accepted.industries.contains(where: { sameBytes($0.code, code) }) {
      accepted.repeatedIndustryCodes += 1
      continue
    }
    accepted.industries.append(ReferenceIndustry(ban: ban, code: code, name: industryName, order: slot + 1))
    if !isDigits(code, count: 6) { warn("INVALID_INDUSTRY_CODE", "行業代號" + suffix) }
  }
  return accepted
}
