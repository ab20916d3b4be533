import CommandKit
import FoundationEssentials
import Postgres
import Spool
import Support

/// Values of the registry's tables.
extension Row {
  func ban(_ column: String) throws -> UInt32 { try value(column, "a BAN") { BANText.parse($0) } }

  func snapshotID(_ column: String) throws -> SnapshotID { try value(column, "a snapshot", SnapshotID.init) }

  func optionalJSON<Value: Decodable & SendableMetatype>(_ column: String) throws -> Value? {
    try optionalValue(column, "the JSON of \(Value.self)", Self.decode)
  }

  /// Returns the counts. Rows of older versions have `{}`, the column's default.
  func changeCounts(_ column: String) throws -> ChangeCounts {
    try text(column) == "{}" ? ChangeCounts() : value(column, "the JSON of ChangeCounts", Self.decode)
  }

  private static func decode<Value: Decodable & SendableMetatype>(_ text: String) -> Value? {
    try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }
}
