import Glibc

/// One field in the source: where its content begins and ends, without the quotes around it.
struct RawField {
  var start: Int
  var end: Int
  /// Whether it begins with a quote.
  var quoted: Bool
  /// Whether it is quoted and contains `""`, which means one quote.
  var escaped: Bool
}

/// Finds one record after another in bytes that may still grow, by the CSV rules of the registry:
///
/// - A record ends at LF or CRLF outside quotes; a lone CR is data.
/// - A field that begins with a quote is quoted; after its closing quote only a comma or the record's end may follow.
/// - A structure error costs one line: the record is then the line up to its first LF, and reading continues after it.
///
/// The scanner looks at most ``recordBytesMax`` bytes ahead, which bounds the cost of an open quote.
public struct RecordScanner: ~Copyable {
  /// Maximum size of a record, without its line end.
  public static let recordBytesMax = 65_536
  /// Maximum size of a line. No registry has longer ones, and a snapshot that does is refused.
  public static let lineBytesMax = 16 << 20
  /// Maximum number of structure errors. A snapshot with more is refused.
  public static let structureErrorsMax = 100_000

  public enum Outcome: Sendable, Equatable {
    /// A record with known fields.
    case fields
    case malformedQuote
    case recordTooLong
    /// Not decided until more bytes arrive (never if the bytes are final).
    case needsMore
  }

  public struct Record: Sendable {
    public var outcome: Outcome
    public var start: Int
    /// The offset after its last byte, without the line end.
    public var end: Int
    /// The offset of the next record.
    public var next: Int
  }

  /// The fields of the last scanned record. A record of 65,536 commas has one field more.
  let fields: UnsafeMutablePointer<RawField>
  private(set) var fieldCount = 0

  public init() { fields = .allocate(capacity: Self.recordBytesMax + 2) }

  deinit { fields.deallocate() }

  /// Scans the record at `start`, which is less than `bytes.count`.
  ///
  /// - Parameter isFinal: whether the source ends where `bytes` end.
  public mutating func scan(_ bytes: Bytes, from start: Int, isFinal: Bool) -> Record {
    guard let base = bytes.baseAddress else {
      return Record(outcome: .needsMore, start: start, end: start, next: start)
    }
    let outcome = scanFields(base, count: bytes.count, from: start, isFinal: isFinal)
    switch outcome {
    case .ended(let end, let next): return Record(outcome: .fields, start: start, end: end, next: next)
    case .undecided: return Record(outcome: .needsMore, start: start, end: start, next: start)
    case .broken(let code):
      guard let found = memchr(base + start, Int32(UInt8.lineFeed), bytes.count - start) else {
        let line = Record(outcome: isFinal ? code : .needsMore, start: start, end: bytes.count, next: bytes.count)
        return line
      }
      let lineFeed = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
      let end = lineFeed > start && base[lineFeed - 1] == .carriageReturn ? lineFeed - 1 : lineFeed
      return Record(outcome: code, start: start, end: end, next: lineFeed + 1)
    }
  }

  private enum ExitCategory {
    case ended(end: Int, next: Int)
    case broken(Outcome)
    case undecided
  }

  @inline(__always)
  private mutating func scanFields(
    _ base: UnsafePointer<UInt8>, count: Int, from start: Int, isFinal: Bool
  ) -> ExitCategory {
    let limit = start + Self.recordBytesMax
    let bound = min(count, limit)
    var delimiters = Delimiters(base, count: count, from: start)
    var index = start
    fieldCount = 0
    while true {
      // At the beginning of a field.
      var closed = false
      if index < bound, base[index] == .quote {
        let content = index + 1
        var escaped = false
        index = content
        while true {
          index = delimiters.next(from: index, before: bound)
          while index < bound, base[index] != .quote { index = delimiters.next(from: index + 1, before: bound) }
          // Open at the end of the source, or for longer than a record may be.
          if index >= bound { return bound == limit || isFinal ? .broken(.malformedQuote) : .undecided }
          guard index + 1 < bound, base[index + 1] == .quote else { break }
          escaped = true
          index += 2
        }
        append(RawField(start: content, end: index, quoted: true, escaped: escaped))
        index += 1
        closed = true
      } else {
        let content = index
        index = delimiters.next(from: index, before: bound)
        while index < bound {
          let byte = base[index]
          if byte == .comma || byte == .lineFeed { break }
          if byte == .carriageReturn {
            if index + 1 == count { if !isFinal { return .undecided } } else if base[index + 1] == .lineFeed { break }
          }
          // A quote inside an unquoted field is data, and so is a lone CR.
          index = delimiters.next(from: index + 1, before: bound)
        }
        append(RawField(start: content, end: index, quoted: false, escaped: false))
      }

      // After a field.
      if index >= bound {
        if bound == count { return isFinal ? .ended(end: index, next: index) : .undecided }
        return atLimit(base, count: count, index: index, closed: closed, isFinal: isFinal)
      }
      switch base[index] {
      case .comma: index += 1
      case .lineFeed: return .ended(end: index, next: index + 1)
      case .carriageReturn:
        if index + 1 < count {
          if base[index + 1] == .lineFeed { return .ended(end: index, next: index + 2) }
        } else if !isFinal {
          return .undecided
        }
        // Unquoted fields stop at a CR only before LF, so this one follows a closing quote.
        return .broken(.malformedQuote)
      default: return .broken(.malformedQuote)
      }
    }
  }

  /// Decides on a record that has reached the maximum size: it ends here, or it is an error.
  private func atLimit(
    _ base: UnsafePointer<UInt8>, count: Int, index: Int, closed: Bool, isFinal: Bool
  ) -> ExitCategory {
    let byte = base[index]
    if byte == .lineFeed { return .ended(end: index, next: index + 1) }
    if byte == .carriageReturn {
      if index + 1 == count, !isFinal { return .undecided }
      if index + 1 < count, base[index + 1] == .lineFeed { return .ended(end: index, next: index + 2) }
    }
    return .broken(closed && byte != .comma ? .malformedQuote : .recordTooLong)
  }

  @inline(__always)
  private mutating func append(_ field: RawField) {
    fields[fieldCount] = field
    fieldCount += 1
  }
}
