import FoundationEssentials
import Spool
import Support
import TestSupport
import Testing

/// `spool/README.md` is the format's specification: its examples are what the program reads and writes.
@Suite struct SpecificationTests {
  @Test func everyExampleIsDecodedWithAllItsKeys() throws {
    let examples = try Self.examples()
    try #require(examples.count == 7)
    let scratch = ScratchFolder()
    try check(DownloadManifest.self, examples[0], scratch)
    try check(FetchChunkManifest.self, examples[1], scratch)
    try check(FetchManifest.self, examples[2], scratch)
    try check(TransformChunkManifest.self, examples[3], scratch)
    try check(TransformManifest.self, examples[4], scratch)
    try check(ChangesManifest.self, examples[5], scratch)
    try check(AcceptanceManifest.self, examples[6], scratch)
  }

  /// Code that adds sizes and counts relies on these bounds.
  @Test func anImpossibleSizeOrCountIsRefusedAsDamage() throws {
    let examples = try Self.examples()
    let refused =
      try refusals(FetchChunkManifest.self, examples[1]) + refusals(FetchManifest.self, examples[2])
      + refusals(TransformChunkManifest.self, examples[3]) + refusals(TransformManifest.self, examples[4])
      + refusals(ChangesManifest.self, examples[5])
    #expect(refused == 207)
  }

  /// Replaces each size and count of an example with impossible numbers and expects that they are refused.
  ///
  /// - Returns: how many were refused.
  private func refusals<M: Manifest>(_ type: M.Type, _ example: String) throws -> Int {
    let scratch = ScratchFolder()
    var refused = 0
    for match in example.matches(of: /"(?<key>[^"]+)" : (?<number>[0-9]+)/) {
      if ["format", "rules_version", "chunk_size", "content_length", "job_run_id"].contains(match.key) { continue }
      for number in ["-1", "1099511627777", "9223372036854775807"] {
        let text = example[..<match.number.startIndex] + number + example[match.number.endIndex...]
        let path = scratch.write(Array(text.utf8), to: "example.json")
        let failure = #expect(throws: Failure.self, "\(match.key)") { try M.read(at: path) }
        #expect(failure?.category == .data)
        refused += 1
      }
    }
    return refused
  }

  /// Expects that an example has the same keys and values after decoding and encoding.
  private func check<M: Manifest>(_ type: M.Type, _ example: String, _ scratch: ScratchFolder) throws {
    let path = scratch.write(Array(example.utf8), to: "example.json")
    let manifest = try #require(try M.read(at: path))
    #expect(try canonical(Array(example.utf8)) == canonical(manifest.encoded()))
  }

  private func canonical(_ json: [UInt8]) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return Array(try encoder.encode(JSONDecoder().decode(AnyJSON.self, from: Data(json))))
  }

  private static func examples() throws -> [String] {
    let root = Folder.of(Folder.of(Folder.of(#filePath)))
    let text = String(decoding: try #require(ScratchFolder.read(root + "/spool/README.md")), as: UTF8.self)
    return text.split(separator: "```json\n").dropFirst().compactMap {
      $0.split(separator: "```").first.map(String.init)
    }
  }
}

/// Any JSON value.
private enum AnyJSON: Codable {
  case null
  case bool(Bool)
  case int(Int)
  case string(String)
  case array([AnyJSON])
  case object([String: AnyJSON])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([AnyJSON].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: AnyJSON].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .int(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
