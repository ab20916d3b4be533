/// What becomes of one record, everything but `DUPLICATE`, which needs the others.
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

  // The first that applies decides: their order is part of the rules.
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
  guard let name = value("營業人名稱") else { return rejected("MISSING_NAME", "營業人名稱") }
  for column in publishedColumns {
    if let limit = scalarLimit(column), let text = value(column), text.unicodeScalars.count > limit {
      return rejected("VALUE_TOO_LONG", column)
    }
  }
  return .accepted(accept(ban: ban, name: name, value: value))
}

private func scalarLimit(_ column: String) -> Int? {
  switch column {
  case "營業人名稱", "名稱", "名稱1", "名稱2", "名稱3": 255
  case "營業地址": 500
  case "組織別名稱": 50
  case "設立日期", "行業代號", "行業代號1", "行業代號2", "行業代號3": 20
  default: nil
  }
}

private func accept(ban: String, name: String, value: (String) -> String?) -> ReferenceValidation.Accepted {
  var accepted = ReferenceValidation.Accepted(registration: ReferenceRegistration(ban: ban, businessName: name))
  func warn(_ code: String, _ column: String) {
    accepted.warnings.append(ReferenceValidation.Issue(code: code, column: column))
  }

  // The order of the warnings is part of the rules too.
  if !isBANChecked(ban) { warn("BAN_CHECKSUM", "統一編號") }

  if let text = value("總機構統一編號") {
    accepted.registration.headquartersBAN = isDigits(text, count: 8) ? text : nil
    if accepted.registration.headquartersBAN == nil { warn("INVALID_HEADQUARTERS_BAN", "總機構統一編號") }
  }
  if let text = value("資本額") {
    accepted.registration.capitalAmount = capital(text)
    if accepted.registration.capitalAmount == nil { warn("INVALID_CAPITAL", "資本額") }
  }
  if let text = value("設立日期") {
    accepted.registration.businessSetupDate = text
    accepted.registration.setupDate = republicDate(text)
    if accepted.registration.setupDate == nil { warn("INVALID_DATE", "設立日期") }
  }
  if let text = value("使用統一發票") {
    switch Array(text.utf8) {
    case Array("Y".utf8), Array("y".utf8): accepted.registration.isUseInvoice = true
    case Array("N".utf8), Array("n".utf8): accepted.registration.isUseInvoice = false
    default: warn("INVALID_INVOICE_FLAG", "使用統一發票")
    }
  }
  accepted.registration.businessAddress = value("營業地址")
  accepted.registration.businessType = value("組織別名稱")

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
