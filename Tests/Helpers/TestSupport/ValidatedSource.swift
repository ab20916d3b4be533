import Records
import ReferenceImplementation

/// A source that is validated in memory, as one chunk.
public struct ValidatedSource {
  public var header: Header
  public var sourceDate: String?
  public var output = MemoryOutput()
  public var tally = Tally()

  /// - Parameter stampIsRecord: whether a stamp row is validated like any other row.
  /// - Returns: nil if the header is refused.
  public init?(_ bytes: [UInt8], stampIsRecord: Bool = false) throws {
    var scanner = RecordScanner()
    var output = MemoryOutput()
    let result = bytes.withUnsafeBufferPointer { bytes -> (SourceHead, Tally)? in
      let head: SourceHead?
      do throws(HeaderProblem) { head = try SourceHead.read(bytes, isFinal: true, scanner: &scanner) } catch {
        return nil
      }
      guard let head else { return nil }
      let end = stampIsRecord ? scanner.scan(bytes, from: head.headerStart, isFinal: true).next : head.end
      let place = ChunkPlace(
        firstRecord: 1, firstLine: 1, byteOffset: 0, headerBytes: end, tooLongOffsets: [])
      // A small table of BANs, so that it has to grow.
      var validator = ChunkValidator(header: head.header, bansExpected: 4)
      return (head, validator.validate(bytes, at: place, into: &output))
    }
    guard let (head, tally) = result else { return nil }
    (header, sourceDate, self.output, self.tally) = (head.header, head.sourceDate, output, tally)
  }

  public func observed() throws -> ObservedOutput { try ObservedOutput(output, tally) }
}

extension ObservedOutput {
  public init(_ output: MemoryOutput, _ tally: Tally) throws {
    self.init()
    try append(registrations: output.registrations)
    try append(industries: output.industries)
    try append(findings: output.findings)
    totals = ReferenceTotals(
      total: tally.records, processed: tally.accepted, failed: tally.rejected, duplicated: tally.duplicates,
      blank: tally.blank)
  }
}

public struct MemoryOutput: ValidationOutput {
  public typealias Problem = Never

  public var registrations: [UInt8] = []
  public var industries: [UInt8] = []
  public var findings: [UInt8] = []

  public init() {}

  public mutating func registrations(_ rows: UnsafeRawBufferPointer) { registrations += rows }
  public mutating func industries(_ rows: UnsafeRawBufferPointer) { industries += rows }
  public mutating func findings(_ lines: UnsafeRawBufferPointer) { findings += lines }
}
