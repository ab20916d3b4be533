import MalformedInputs
import Records
import ReferenceImplementation
import SeededRandom
import TestSupport

/// Compares the scanner and the rules with the slow reference; the whole source is one chunk.
public struct SourceTarget: FuzzTarget {
  public static let name = "source"
  public static let share = 28

  public init() {}

  public func make(_ random: inout SeededRandom) -> [UInt8] { randomSource(&random) }

  public func difference(_ input: [UInt8]) throws -> String? { try Self.difference(input) }

  public static func difference(_ bytes: [UInt8]) throws -> String? {
    let reference = referenceRead(bytes)
    guard let validated = try ValidatedSource(bytes) else {
      // A file whose first bytes show another file type may be refused without reading it.
      return reference.refusal == nil && !looksForeign(bytes) ? "refused, and the reference does not" : nil
    }
    if let refusal = reference.refusal, reference.columns.isEmpty { return "not refused: \(refusal)" }
    return try validated.difference(from: reference)
  }

  static func looksForeign(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self).unicodeScalars
      .drop { $0.properties.generalCategory == .format }.drop { $0.value <= 0x20 }
    return text.first == "<" || bytes.starts(with: [0x1F, 0x8B])
      || bytes.starts(with: Array("PK".utf8))
  }
}

extension ValidatedSource {
  func difference(from reference: ReferenceResult) throws -> String? {
    if sourceDate != reference.sourceDate { return "source date \(sourceDate ?? "none")" }
    if header.missing != reference.missingColumns { return "missing columns \(header.missing)" }
    if header.unknown.map({ Array($0.utf8) }) != reference.unknownColumns.map({ Array($0.utf8) }) {
      return "unknown columns \(header.unknown)"
    }
    if tally.repeatedIndustryCodes != reference.repeatedIndustryCodes
      || tally.industryNamesWithoutCode != reference.industryNamesWithoutCode
    {
      return "notes \(tally)"
    }
    return try observed().difference(from: reference)
  }
}

/// Returns a small hostile source, sometimes with a record near the 64 KiB limit.
func randomSource(_ random: inout SeededRandom) -> [UInt8] {
  var file = randomDirtyFile(seed: random.next(), records: random.below(6))
  if random.onceIn(20) {
    file = Array(random.pick(["\u{FEFF}\u{FEFF}", "\u{200B}", "\u{AD}\u{2060}", "\u{E0020}", "\u{2065}"]).utf8) + file
  }
  if random.onceIn(400) { lengthen(&file, &random) }
  return file
}

/// Inserts about as many bytes as a record may have, followed by bytes that may be misread at the limit.
private func lengthen(_ file: inout [UInt8], _ random: inout SeededRandom) {
  let filler = random.pick(["a", "長", "𥂁", ",", "\"\"", "\r", "a\"", "\n"].map { Array($0.utf8) })
  let start = random.pick(["", "\"", ",\"", "\n\"", "\n20000003,\"x"].map { Array($0.utf8) })
  let end = random.pick(
    ["", "\"", "\"\n", "\n", "\r\n", "\"\r\n", "\"\r", ",", "\"x", "\"\"", "\r"].map { Array($0.utf8) })
  let length = 65_530 - start.count - random.pick([0, 0, 0, 200]) + random.below(12)
  var stretch = start
  while stretch.count + filler.count <= length { stretch += filler }
  while stretch.count < length { stretch.append(UInt8(ascii: "b")) }
  // Usually at the beginning of a record, so that the inserted bytes determine its length.
  let places = file.indices.filter { file[$0] == 10 }.map { $0 + 1 }
  let place = random.onceIn(4) || places.isEmpty ? random.below(file.count + 1) : random.pick(places)
  file.insert(contentsOf: stretch + end, at: place)
}
