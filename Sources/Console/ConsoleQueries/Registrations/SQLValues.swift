import Postgres

/// The values of a statement, which are passed separately from its text.
struct SQLValues {
  enum Place {
    /// `$1`, `$2` …
    case parameters
    /// Settings of the transaction, since COPY does not accept parameters.
    case settings
  }

  private let place: Place
  private(set) var values: [String?] = []

  init(_ place: Place = .parameters) { self.place = place }

  /// Adds a value.
  ///
  /// - Returns: the expression for the value in the statement's text, with its type.
  mutating func add(_ value: String, _ type: String = "text") -> String {
    values.append(value)
    return switch place {
    case .parameters: "$\(values.count)::\(type)"
    case .settings: "current_setting('\(Self.setting(values.count))')::\(type)"
    }
  }

  /// Returns the text of a PostgreSQL array of texts.
  static func array(_ texts: [String]) -> String {
    "{"
      + texts.map { "\"" + $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" }.joined(
        separator: ",") + "}"
  }

  /// Sets the settings for the transaction.
  func set(on connection: inout Connection) throws {
    for (index, value) in values.enumerated() {
      try connection.execute("SELECT set_config('\(Self.setting(index + 1))', $1, true)", [value])
    }
  }

  private static func setting(_ number: Int) -> String { "registry_search.value_\(number)" }
}

/// Runs several statements that see one state of the registry.
enum RegistrySnapshot {
  static func read<Answer>(
    _ connection: inout Connection, _ body: (inout Connection) throws -> Answer
  ) throws -> Answer {
    try connection.snapshot(of: ["tax_registration", "business_industry"], body)
  }
}
