import FoundationEssentials
import Glibc
import Postgres
import Spool

/// The findings of a batch that go into data_import_error: the first hundred of each severity.
struct BatchFindings {
  static let perSeverityMax = 100

  private(set) var errors = 0
  private(set) var warnings = 0
  /// The findings that are kept, as the elements of a JSON array.
  private var kept: [String] = []

  /// Reads the whole file: what is counted must be what the manifest says.
  init(_ file: VerifiedFile) throws {
    try file.readLines { line in
      let isError = try Self.isError(line, file)
      if isError { errors += 1 } else { warnings += 1 }
      guard (isError ? errors : warnings) <= Self.perSeverityMax else { return }
      kept.append(try Self.forJSONB(String(decoding: line.dropLast(), as: UTF8.self), file))
    }
  }

  /// - Parameter again: whether an earlier attempt of the same run may have written them.
  func write(_ session: inout Connection, _ job: JobRun, batch: Int, again: Bool) throws {
    guard !kept.isEmpty else { return }
    let key: [String?] = ["\(job.id)", "\(batch)"]
    if again {
      let written = "SELECT EXISTS (SELECT FROM data_import_error WHERE job_run_id = $1 AND batch_number = $2)"
      if try session.execute(written, key).truth { return }
    }
    // A few at a time: each may hold 64 KiB of a record.
    for start in stride(from: 0, to: kept.count, by: 20) {
      let some = "[" + kept[start..<min(start + 20, kept.count)].joined(separator: ",") + "]"
      try session.execute(
        """
        INSERT INTO data_import_error (job_run_id, batch_number, severity, error_type, error_message, raw_data)
        SELECT $1, $2, f ->> 'severity', f ->> 'code', coalesce(f ->> 'message', ''), f
        FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS a (f, place) ORDER BY place
        """, key + [some])
    }
  }

  /// Told by the bytes, for a bad day has 50,000 warnings a batch: a quote inside a JSON string is escaped, so the
  /// member's name cannot stand in a value.
  private static func isError(_ line: UnsafeRawBufferPointer, _ file: VerifiedFile) throws -> Bool {
    let member: StaticString = "\"severity\":\""
    let length = member.utf8CodeUnitCount
    var rest = line
    while let base = rest.baseAddress, let quote = memchr(base, Int32(UInt8(ascii: "\"")), rest.count) {
      rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(quote) - base)...])
      if rest.count > length, memcmp(quote, member.utf8Start, length) == 0 { return rest[length] == UInt8(ascii: "e") }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
    }
    throw file.damaged("it has a line that is no finding")
  }

  /// jsonb holds any text but U+0000, so a record with a NUL byte goes in as base64, as one that is not UTF-8 does.
  private static func forJSONB(_ line: String, _ file: VerifiedFile) throws -> String {
    guard line.contains("\\u0000") else { return line }
    do {
      var finding = try Finding(line: Array(line.utf8))
      guard let raw = finding.raw, raw.utf8.contains(0) else { return line }
      finding.raw = nil
      finding.rawBase64 = Data(raw.utf8).base64EncodedString()
      return try finding.json()
    } catch is DecodingError { throw file.damaged("it has a line that is no finding") }
  }
}
