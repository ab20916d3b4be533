private let maximumLineBytes = 16 * 1024 * 1024
private let maximumStructureErrors = 100_000

/// Reads a whole source file according to the published rules, slowly and one rule at a time.
///
/// Written from the rules alone, for comparison with the fast path: the two must not share code.
public func referenceRead(_ bytes: [UInt8]) -> ReferenceResult {
  var result = ReferenceResult()
  var position = 0
  while let width = formatCharacter(bytes[position...]) { position += width }
  if position == bytes.count {
    result.refusal = "the file is empty: it has no header"
    return result
  }

  let headerRecord = scanRecord(bytes, from: position)
  if let refusal = lineRefusal(headerRecord) {
    result.refusal = refusal
    return result
  }
  let header: Header
  switch Header.read(headerRecord) {
  case .refused(let reason):
    result.refusal = reason
    return result
  case .header(let read):
    header = read
  }
  result.columns = header.columns
  result.missingColumns = header.missingColumns
  result.unknownColumns = header.unknownColumns
  result.recordEnds.append(headerRecord.end)
  position = headerRecord.end

  if position < bytes.count {
    let second = scanRecord(bytes, from: position)
    result.sourceDate = stampDate(second)
    if isStampLike(second, header) {
      if result.sourceDate == nil {
        let content = bytes[second.start..<second.contentEnd]
        result.findings.append(
          ReferenceFinding(
            record: 0, line: 1 + lineFeeds(bytes[..<position]), byteOffset: position, code: "UNREADABLE_STAMP",
            severity: "warning", raw: Array(content.prefix(65_536)), truncated: content.count > 65_536))
      }
      result.recordEnds.append(second.end)
      position = second.end
    }
  }

  var acceptedBANs: Set<String> = []
  var structureErrors = 0
  // Counted incrementally: counting from the start for each record would be too slow even for a reference.
  var line = 1 + lineFeeds(bytes[..<position])
  while position < bytes.count {
    let record = scanRecord(bytes, from: position)
    if record.error != nil { structureErrors += 1 }
    if let refusal = lineRefusal(record) {
      result.refusal = refusal
      return result
    }
    if structureErrors > maximumStructureErrors {
      result.refusal = "more than \(maximumStructureErrors) structure errors"
      return result
    }

    result.totals.total += 1
    func finding(_ issue: ReferenceValidation.Issue, severity: String) -> ReferenceFinding {
      let content = bytes[record.start..<record.contentEnd]
      return ReferenceFinding(
        record: result.totals.total, line: line, byteOffset: record.start, code: issue.code, severity: severity,
        column: issue.column, raw: Array(content.prefix(65_536)), truncated: content.count > 65_536)
    }
    switch validate(record, header) {
    case .blank:
      result.totals.blank += 1
    case .rejected(let issue):
      result.totals.failed += 1
      result.findings.append(finding(issue, severity: "error"))
    case .accepted(let accepted) where acceptedBANs.contains(accepted.registration.ban):
      result.totals.duplicated += 1
      let issue = ReferenceValidation.Issue(code: "DUPLICATE", column: "統一編號")
      result.findings.append(finding(issue, severity: "error"))
    case .accepted(let accepted):
      acceptedBANs.insert(accepted.registration.ban)
      result.totals.processed += 1
      result.registrations.append(accepted.registration)
      result.industries += accepted.industries
      result.findings += accepted.warnings.map { finding($0, severity: "warning") }
      result.repeatedIndustryCodes += accepted.repeatedIndustryCodes
      result.industryNamesWithoutCode += accepted.industryNamesWithoutCode
    }
    result.recordEnds.append(record.end)
    line += lineFeeds(bytes[record.start..<record.end])
    position = record.end
  }

  if result.totals.processed == 0 { result.refusal = "there is no accepted record" }
  return result
}

/// Returns why a line is too long. Valid records are far shorter, so only a structure error can be such a line.
private func lineRefusal(_ record: ScannedRecord) -> String? {
  record.contentEnd - record.start > maximumLineBytes ? "a line of more than 16 MiB" : nil
}

/// Returns the length in bytes of an invisible character (general category Cf) at the start of the bytes, if any.
private func formatCharacter(_ bytes: ArraySlice<UInt8>) -> Int? {
  (1...4).first { width in
    guard let scalars = String(validating: bytes.prefix(width), as: UTF8.self)?.unicodeScalars else { return false }
    return scalars.count == 1 && scalars.first?.properties.generalCategory == .format
  }
}

private func lineFeeds(_ bytes: ArraySlice<UInt8>) -> Int {
  bytes.count { $0 == UInt8(ascii: "\n") }
}
