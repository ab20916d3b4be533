import FoundationEssentials
import ReferenceImplementation

/// The result of the fast path for a source, in the reference's types for comparison.
public struct ObservedOutput: Sendable {
  public var registrations: [ReferenceRegistration] = []
  public var industries: [ReferenceIndustry] = []
  public var findings: [ReferenceFinding] = []
  /// Content hashes by BAN.
  public var hashes: [String: Int64] = [:]
  public var totals = ReferenceTotals()

  public init() {}

  public mutating func append(registrations bytes: [UInt8]) throws {
    for row in CopyTextReader.rows(bytes) {
      let columns = ReferenceRegistration.columns.count
      guard row.count == columns + 1, let ban = row[0], let hash = row[columns].flatMap({ Int64($0) }) else {
        throw Malformed(what: "registration row \(row)")
      }
      registrations.append(ReferenceRegistration(row: row))
      hashes[ban] = hash
    }
  }

  public mutating func append(industries bytes: [UInt8]) throws {
    for row in CopyTextReader.rows(bytes) {
      guard row.count == 4, let ban = row[0], let code = row[1], let order = row[3].flatMap({ Int($0) }) else {
        throw Malformed(what: "industry row \(row)")
      }
      industries.append(ReferenceIndustry(ban: ban, code: code, name: row[2], order: order))
    }
  }

  public mutating func append(findings bytes: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    for line in bytes.split(separator: 10) {
      let object = try decoder.decode(Line.self, from: Data(line))
      guard (object.raw == nil) != (object.rawBase64 == nil), !object.message.isEmpty else {
        throw Malformed(what: String(decoding: line, as: UTF8.self))
      }
      let raw =
        object.raw.map { Array($0.utf8) } ?? object.rawBase64.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
      guard let raw else { throw Malformed(what: "base64 of record \(object.record)") }
      findings.append(
        ReferenceFinding(
          record: object.record, line: object.line, byteOffset: object.byteOffset, code: object.code,
          severity: object.severity, column: object.column, raw: raw, truncated: object.truncated ?? false))
    }
  }

  private struct Line: Decodable {
    let record: Int
    let line: Int
    let byteOffset: Int
    let code: String
    let severity: String
    let column: String?
    let message: String
    let raw: String?
    let rawBase64: String?
    let truncated: Bool?
  }

  public struct Malformed: Error { public let what: String }
}

extension ObservedOutput {
  /// Returns a description of the first difference from the reference; nil if there is none.
  public func difference(from reference: ReferenceResult) -> String? {
    if totals != reference.totals { return "totals \(totals) and not \(reference.totals)" }
    if let place = firstDifference(registrations, reference.registrations) { return "registration \(place)" }
    if let place = firstDifference(industries, reference.industries) { return "industry \(place)" }
    // The kept part of a truncated record may end up to three bytes earlier, at the end of a character.
    let expected = zip(reference.findings, findings).map { theirs, ours in
      theirs.truncated && theirs.raw.starts(with: ours.raw) && theirs.raw.count - ours.raw.count < 4
        ? theirs.with(raw: ours.raw) : theirs
    }
    if findings.count != reference.findings.count {
      return "findings \(findings.map(\.code)) and not \(reference.findings.map(\.code))"
    }
    if let place = firstDifference(findings, expected) { return "finding \(place)" }
    return nil
  }

  private func firstDifference<Row: Equatable>(_ ours: [Row], _ theirs: [Row]) -> String? {
    for (index, pair) in zip(ours, theirs).enumerated() where pair.0 != pair.1 {
      return "\(index): \(pair.0) and not \(pair.1)"
    }
    return ours.count == theirs.count ? nil : "count \(ours.count) and not \(theirs.count)"
  }
}

extension ReferenceFinding {
  fileprivate func with(raw: [UInt8]) -> ReferenceFinding {
    var copy = self
    copy.raw = raw
    return copy
  }
}
