import Observed
import Records
import Reference

/// A source judged in memory, as one chunk.
struct Judged {
  var header: Header
  var output = MemoryOutput()
  var tally = Tally()

  /// - Parameter stampIsRecord: whether a stamp row is judged like any other.
  /// - Returns: nil where the header is refused.
  init?(_ bytes: [UInt8], stampIsRecord: Bool = false) throws {
    var scanner = RecordScanner()
    var output = MemoryOutput()
    let result = try bytes.withUnsafeBufferPointer { bytes -> (Header, Tally)? in
      let head: SourceHead?
      do throws(HeaderProblem) { head = try SourceHead.read(bytes, isFinal: true, scanner: &scanner) } catch {
        return nil
      }
      guard let head else { return nil }
      let end = stampIsRecord ? scanner.scan(bytes, from: head.headerStart, isFinal: true).next : head.end
      let place = ChunkPlace(
        firstRecord: 1, firstLine: 1, byteOffset: 0, headerBytes: end, tooLongOffsets: [])
      var judge = ChunkJudge(header: head.header)
      return (head.header, try judge.judge(bytes, at: place, into: &output))
    }
    guard let (header, tally) = result else { return nil }
    (self.header, self.output, self.tally) = (header, output, tally)
  }

  func observed() throws -> Observed {
    var observed = Observed()
    try observed.append(registrations: output.registrations)
    try observed.append(industries: output.industries)
    try observed.append(findings: output.findings)
    observed.totals = ReferenceTotals(
      total: tally.records, processed: tally.accepted, failed: tally.rejected, duplicated: tally.duplicates,
      blank: tally.blank)
    return observed
  }
}

struct MemoryOutput: JudgeOutput {
  var registrations: [UInt8] = []
  var industries: [UInt8] = []
  var findings: [UInt8] = []
  mutating func registrations(_ rows: UnsafeRawBufferPointer) { registrations += rows }
  mutating func industries(_ rows: UnsafeRawBufferPointer) { industries += rows }
  mutating func findings(_ lines: UnsafeRawBufferPointer) { findings += lines }
}
