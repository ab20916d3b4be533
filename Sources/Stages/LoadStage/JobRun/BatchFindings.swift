import FoundationEssentials
import Glibc
import Postgres
import Records
import Spool

/// The findings of a batch that go into data_import_error: the first hundred of each severity.
struct BatchFindings {
  static let perSeverityMax = 100

  private(set) var errors = 0
  private(set) var warnings = 0
  /// The findings that are kept, as the elements of a JSON array.
  private var kept: [String] = []

  /// Finding codes of accepted records, at least of the businesses that concern the comparison.
  private(set) var codes: [UInt32: Set<String>] = [:]
  /// Businesses whose BAN can be read in a rejected record, at least those that concern the comparison.
  private(set) var rejected: Set<UInt32> = []

  /// Reads the whole file, so that every finding is counted and the file is checked against its manifest.
  ///
  /// - Parameter concerns: whether the findings of a business matter to the comparison.
  init(_ file: VerifiedFile, header: Header, concerns: (UInt32, _ isError: Bool) -> Bool = { _, _ in false }) throws {
    var scanner = RecordScanner()
    try file.readLines { line in
      let isError = try Self.isError(line, file)
      if isError { errors += 1 } else { warnings += 1 }
      if Self.names(line, isError, concerns) { try note(line, isError, header, &scanner, file) }
      guard (isError ? errors : warnings) <= Self.perSeverityMax else { return }
      kept.append(try Self.forJSONB(String(decoding: line.dropLast(), as: UTF8.self), file))
    }
  }

  /// Notes to which business a finding belongs.
  private mutating func note(
    _ line: UnsafeRawBufferPointer, _ isError: Bool, _ header: Header, _ scanner: inout RecordScanner,
    _ file: VerifiedFile
  ) throws {
    let finding: Finding
    do { finding = try Finding(line: line) } catch { throw file.damaged("it has a line that is not a finding") }
    // A duplicate has the BAN of an accepted record, and an unreadable stamp row is not a record.
    guard finding.code != FindingCode.duplicate.code, finding.record > 0, let raw = finding.rawBytes else { return }
    let ban = raw.withUnsafeBufferPointer { BANExtractor.of($0, header: header, scanner: &scanner) }
    guard let ban else { return }
    if isError { rejected.insert(ban) } else { codes[ban, default: []].insert(finding.code) }
  }

  /// Returns whether eight digits in a row are a BAN that concerns the comparison. Most lines need no decoding then.
  private static func names(
    _ line: UnsafeRawBufferPointer, _ isError: Bool, _ concerns: (UInt32, Bool) -> Bool
  ) -> Bool {
    // A record that is not UTF-8 is in base64, where its digits cannot be read. Such records are rare.
    if isError, behind("\"raw_base64\":\"", line) != nil { return true }
    var digits = 0
    var value: UInt32 = 0
    for byte in line {
      let digit = byte &- UInt8(ascii: "0")
      if digit <= 9 {
        digits += 1
        value = digits <= 8 ? value * 10 + UInt32(digit) : 0
      } else {
        if digits == 8, concerns(value, isError) { return true }
        (digits, value) = (0, 0)
      }
    }
    return false
  }

  /// Writes the findings, unless an earlier attempt of the same run has written them.
  func write(_ session: inout Connection, _ job: JobRun, batch: Int) throws {
    guard !kept.isEmpty else { return }
    let key: [String?] = ["\(job.id)", "\(batch)"]
    let written = "SELECT EXISTS (SELECT FROM data_import_error WHERE job_run_id = $1 AND batch_number = $2)"
    if try session.bool(written, key) { return }
    // A few in each statement: each may have 64 KiB of a record.
    for start in stride(from: 0, to: kept.count, by: 20) {
      let some = "[" + kept[start..<min(start + 20, kept.count)].joined(separator: ",") + "]"
      try session.execute(
        """
        INSERT INTO data_import_error (job_run_id, batch_number, severity, error_type, error_message, raw_data)
        SELECT $1, $2, f ->> 'severity', f ->> 'code', coalesce(f ->> 'message', ''), f
        FROM pg_catalog.jsonb_array_elements($3::jsonb) WITH ORDINALITY AS a (f, place) ORDER BY place
        """, key + [some])
    }
  }

  /// Returns whether the finding is an error. Reads bytes instead of decoding JSON: a bad day has 50,000 warnings a
  /// batch.
  private static func isError(_ line: UnsafeRawBufferPointer, _ file: VerifiedFile) throws -> Bool {
    guard let rest = behind("\"severity\":\"", line), let first = rest.first else {
      throw file.damaged("it has a line that is not a finding")
    }
    return first == UInt8(ascii: "e")
  }

  /// Returns the bytes after a member's name. A quote inside a JSON string is escaped, so no value contains the name.
  private static func behind(_ member: StaticString, _ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    let length = member.utf8CodeUnitCount
    var rest = line
    while let base = rest.baseAddress, let quote = memchr(base, Int32(UInt8(ascii: "\"")), rest.count) {
      rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(quote) - base)...])
      if rest.count > length, memcmp(quote, member.utf8Start, length) == 0 {
        return UnsafeRawBufferPointer(rebasing: rest[length...])
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
    }
    return nil
  }

  /// Returns the finding in a form that jsonb accepts. jsonb cannot hold U+0000, so a record with a NUL byte is stored
  /// as base64, like one that is not UTF-8.
  private static func forJSONB(_ line: String, _ file: VerifiedFile) throws -> String {
    guard line.contains("\\u0000") else { return line }
    do {
      var finding = try Finding(line: Array(line.utf8))
      guard let raw = finding.raw, raw.utf8.contains(0) else { return line }
      finding.raw = nil
      finding.rawBase64 = Data(raw.utf8).base64EncodedString()
      return try finding.json()
    } catch is DecodingError { throw file.damaged("it has a line that is not a finding") }
  }
}
