import Digest
import FoundationEssentials
import Support

/// A JSON file whose existence means that what it describes is complete.
public protocol Manifest: Codable, Sendable {
  /// The value of ``SpoolFormat/current`` when the manifest was written.
  var format: Int { get }
}

extension Manifest {
  /// Encodes the manifest with sorted keys, so that equal content gives equal bytes.
  public func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }

  /// Writes the manifest: makes it durable, then visible.
  ///
  /// - Returns: the SHA-256 of its bytes.
  @discardableResult
  public func publish(at path: String) throws -> String {
    let bytes = try encoded()
    try DurableFile.write(bytes, to: path)
    return SHA256.of(bytes)
  }

  /// Reads a manifest.
  ///
  /// - Returns: nil if there is none.
  /// - Throws: a ``Failure`` with category `data` if it is damaged or of a higher format.
  public static func read(at path: String) throws -> Self? { try readWithDigest(at: path)?.manifest }

  /// Reads a manifest, and returns the SHA-256 of its bytes as well, by which the manifest above refers to it.
  public static func readWithDigest(at path: String) throws -> (manifest: Self, sha256: String)? {
    guard let bytes = try SpoolFile.read(path, bytesMax: SpoolFormat.manifestBytesMax) else { return nil }
    return (try decode(bytes, path: path), SHA256.of(bytes))
  }

  static func decode(_ bytes: [UInt8], path: String) throws -> Self {
    let json = SpoolJSON(bytes)
    guard json.isBounded else {
      throw Failure(
        .data, "'\(path)' is damaged: it is nested too deep, or has too many values",
        hint: SnapshotFolder.redoHint(path))
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .fromSnakeCase
    let data = Data(bytes)
    do {
      // Check the format first: this version cannot know what a later format means.
      let format = try decoder.decode(FormatOnly.self, from: data).format
      guard format <= SpoolFormat.current else {
        throw Failure(
          .data, "'\(path)' has spool format \(format); this program supports format \(SpoolFormat.current)",
          hint: "use the version that wrote it, or a newer one")
      }
      guard format == SpoolFormat.current else {
        throw Failure(.data, "'\(path)' has spool format \(format), which no version ever wrote")
      }
      let manifest = try decoder.decode(Self.self, from: data)
      guard json.hasUsableNumbers else {
        throw Failure(
          .data, "'\(path)' is damaged: a number in it is out of range", hint: SnapshotFolder.redoHint(path))
      }
      return manifest
    } catch let error as DecodingError {
      throw Failure(.data, "'\(path)' is damaged: \(error.inOneLine)", hint: SnapshotFolder.redoHint(path))
    }
  }
}

extension JSONDecoder.KeyDecodingStrategy {
  /// The reverse of `.convertToSnakeCase`. Foundation's own does not find names like `urlSHA256`.
  public static var fromSnakeCase: JSONDecoder.KeyDecodingStrategy {
    .custom { path in
      let words = (path.last?.stringValue ?? "").split(separator: "_")
      let rest = words.dropFirst().map { acronyms[$0] ?? $0.prefix(1).uppercased() + $0.dropFirst() }
      return Key(stringValue: words.prefix(1).joined() + rest.joined())
    }
  }

  private static var acronyms: [Substring: String] { ["sha256": "SHA256", "id": "ID"] }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

private struct FormatOnly: Decodable { let format: Int }

extension DecodingError {
  /// Describes what is wrong and where, without Foundation's prose.
  fileprivate var inOneLine: String {
    func place(_ context: Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
    switch self {
    case .keyNotFound(let key, let context):
      return "'\(key.stringValue)' is missing" + (context.codingPath.isEmpty ? "" : " in '\(place(context))'")
    case .typeMismatch(_, let context), .valueNotFound(_, let context): return "'\(place(context))' has another type"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty ? "it is not JSON" : "'\(place(context))' is out of range"
    @unknown default: return "it cannot be decoded"
    }
  }
}

/// The version of the spool's format, which every manifest has and readers check first; limits of manifests.
public enum SpoolFormat {
  /// The version of the on-disk format. Raise it if a file's meaning or layout changes so that an older program would
  /// misread it. A newer program either reads the older format or says what to do.
  public static let current = 1

  /// The largest number in a manifest: a sum of a million of them does not overflow, and no source has as many bytes.
  public static let numberMax = 999_999_999_999

  /// Maximum size of a manifest, checked before memory is allocated. (100,000 chunks at 190 bytes are 19 MB.)
  public static let manifestBytesMax = 32 << 20
}

/// Limits of a chunk, for the stage that splits the source and those that read chunks.
public enum ChunkBounds {
  /// A chunk ends before the record that would take it over this many uncompressed bytes.
  public static let bytesMax = 32 << 20
  /// Byte order mark, header and stamp row, which are in the first chunk and do not count for its size.
  public static let headerBytesMax = 3 + 2 * (65_536 + 2)
  /// Names have six digits.
  public static let chunksMax = 999_999
}
