import Postgres

/// The values of a statement, which never stand in its text.
struct SQLValues {
  enum Place {
    /// `$1`, `$2` …
    case parameters
    /// Settings of the transaction: COPY takes no parameters.
    case settings
  }

  private let place: Place
  private(set) var values: [String?] = []

  init(_ place: Place = .parameters) { self.place = place }

  /// - Returns: what names the value in the text, with its type.
  mutating func add(_ value: String, _ type: String = "text") -> String {
    values.append(value)
    return switch place {
    case .parameters: "$\(values.count)::\(type)"
    case .settings: "current_setting('\(Self.setting(values.count))')::\(type)"
    }
  }

  /// An array of texts as PostgreSQL reads it.
  static func array(_ texts: [String]) -> String {
    "{"
      + texts.map { "\"" + $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" }.joined(
        separator: ",") + "}"
  }

  /// Puts the settings where the transaction finds them.
  func set(on connection: inout Connection) throws {
    for (index, value) in values.enumerated() {
      try connection.execute("SELECT set_config('\(Self.setting(index + 1))', $1, true)", [value])
    }
  }

  private static func setting(_ number: Int) -> String { "registry_search.value_\(number)" }
}

/// Several statements that see the registry as it is at one moment, and change nothing.
enum RegistrySnapshot {
  static func read<Answer>(
    _ connection: inout Connection, _ body: (inout Connection) throws -> Answer
  ) throws -> Answer {
    try connection.transaction(nil, .snapshot, body)
  }
}
