import CLibPQ

/// A small result, as text.
public struct Rows: Sendable {
  /// Row by row; nil is NULL.
  public let values: [[String?]]
  /// How many rows the statement wrote or returned.
  public let affected: Int
  /// Names of the columns, in their order.
  let columns: [String]

  init() {
    values = []
    affected = 0
    columns = []
  }

  init(_ result: OpaquePointer) {
    let count = PQnfields(result)
    columns = (0..<count).map { column in PQfname(result, column).map { String(cString: $0) } ?? "" }
    values = (0..<PQntuples(result)).map { row in
      (0..<count).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
      }
    }
    affected = Int(String(cString: PQcmdTuples(result))) ?? 0
  }

  public var isEmpty: Bool { values.isEmpty }
}

extension Connection {
  /// Runs a statement whose rows are read by column name.
  ///
  /// - Parameter parameters: values for `$1` …, as text; nil is NULL.
  public mutating func rows(_ sql: String, _ parameters: [String?] = []) throws -> [Row] {
    let rows = try execute(sql, parameters)
    let shape = Row.Shape(rows.columns, statement: sql, place: place)
    return rows.values.map { Row(shape: shape, values: $0) }
  }

  /// Runs a statement that returns one row.
  ///
  /// - Throws: a ``PostgresError`` if it returns none or several.
  public mutating func row(_ sql: String, _ parameters: [String?] = []) throws -> Row {
    let rows = try rows(sql, parameters)
    guard let row = rows.first, rows.count == 1 else {
      throw PostgresError(
        .statement, message: "\(rows.count) rows where one was expected, from: \(Row.Shape.excerpt(sql))", place: place)
    }
    return row
  }

  /// Runs a statement that returns one row with one number.
  public mutating func int(_ sql: String, _ parameters: [String?] = []) throws -> Int {
    try row(sql, parameters).only { try $0.int($1) }
  }

  /// Runs a statement that returns one row with one truth value.
  public mutating func bool(_ sql: String, _ parameters: [String?] = []) throws -> Bool {
    try row(sql, parameters).only { try $0.bool($1) }
  }

  /// Runs a statement that returns one row with one text or NULL.
  public mutating func optionalText(_ sql: String, _ parameters: [String?] = []) throws -> String? {
    try row(sql, parameters).only { try $0.optionalText($1) }
  }

  /// Runs a statement that returns one row with one number or NULL.
  public mutating func optionalInt(_ sql: String, _ parameters: [String?] = []) throws -> Int? {
    try row(sql, parameters).only { try $0.optionalInt($1) }
  }

  /// Runs a statement whose rows have one text each.
  public mutating func texts(_ sql: String, _ parameters: [String?] = []) throws -> [String] {
    try rows(sql, parameters).map { row in try row.only { try $0.text($1) } }
  }
}

/// A row whose values are read by column name. A missing column, NULL for a required value, and a value of another form
/// are errors: a ``PostgresError`` that names the column, the value and the statement.
public struct Row: Sendable {
  /// What the rows of a result share.
  final class Shape: Sendable {
    let columns: [String]
    let places: [String: Int]
    let statement: String
    let place: String

    init(_ columns: [String], statement: String, place: String) {
      self.columns = columns
      places = Dictionary(columns.enumerated().map { ($1, $0) }) { first, _ in first }
      self.statement = statement
      self.place = place
    }

    /// The beginning of a statement, on one line.
    static func excerpt(_ sql: String) -> String {
      sql.prefix(200).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }

  fileprivate let shape: Shape
  fileprivate let values: [String?]

  /// - Returns: nil for NULL.
  public func optionalText(_ column: String) throws -> String? {
    guard let place = shape.places[column] else { throw error("the result has no column '\(column)'") }
    return values[place]
  }

  public func text(_ column: String) throws -> String { try required(optionalText(column), column) }

  /// A value of any form.
  ///
  /// - Parameters:
  ///   - what: the expected form, for the error.
  ///   - parse: returns nil if the text is not of that form.
  public func optionalValue<Value>(_ column: String, _ what: String, _ parse: (String) -> Value?) throws -> Value? {
    guard let text = try optionalText(column) else { return nil }
    guard let value = parse(text) else {
      throw error("column '\(column)' has '\(text.prefix(100))', expected \(what)")
    }
    return value
  }

  public func value<Value>(_ column: String, _ what: String, _ parse: (String) -> Value?) throws -> Value {
    try required(optionalValue(column, what, parse), column)
  }

  /// A case of an enumeration, by its raw value.
  public func value<Value: RawRepresentable>(_ column: String, as type: Value.Type = Value.self) throws -> Value
  where Value.RawValue == String {
    try value(column, "a \(type)", Value.init)
  }

  /// The same for a column that may be NULL.
  public func optionalValue<Value: RawRepresentable>(
    _ column: String, as type: Value.Type = Value.self
  ) throws -> Value? where Value.RawValue == String {
    try optionalValue(column, "a \(type)", Value.init)
  }

  public func int<Number: FixedWidthInteger>(_ column: String, as type: Number.Type = Int.self) throws -> Number {
    try required(optionalInt(column, as: type), column)
  }

  public func optionalInt<Number: FixedWidthInteger>(_ column: String, as type: Number.Type = Int.self) throws
    -> Number?
  {
    try optionalValue(column, "a number") { Number($0) }
  }

  public func bool(_ column: String) throws -> Bool {
    try value(column, "a truth value") { ["t": true, "f": false][$0] }
  }

  /// A `text[]` without NULL elements.
  public func textArray(_ column: String) throws -> [String] { try required(optionalTextArray(column), column) }

  public func optionalTextArray(_ column: String) throws -> [String]? {
    try optionalValue(column, "an array of texts", ArrayText.parse)
  }

  /// The text of the only column.
  ///
  /// - Returns: nil for NULL.
  public func only() throws -> String? { try only { try $0.optionalText($1) } }

  fileprivate func only<Value>(_ read: (Row, String) throws -> Value) throws -> Value {
    guard let column = shape.columns.first, shape.columns.count == 1 else {
      throw error("\(shape.columns.count) columns where one was expected")
    }
    return try read(self, column)
  }

  private func required<Value>(_ value: Value?, _ column: String) throws -> Value {
    guard let value else { throw error("column '\(column)' is NULL") }
    return value
  }

  private func error(_ what: String) -> PostgresError {
    PostgresError(.statement, message: "\(what), in: \(Shape.excerpt(shape.statement))", place: shape.place)
  }
}

/// PostgreSQL's text form of a one-dimensional array:
/// <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>
enum ArrayText {
  /// - Returns: nil if the text has another form, or an element is NULL.
  static func parse(_ text: String) -> [String]? {
    let scalars = Array(text.unicodeScalars)
    guard scalars.count >= 2, scalars.first == "{", scalars.last == "}" else { return nil }
    var elements: [String] = []
    var index = 1
    let end = scalars.count - 1
    while index < end {
      var element = String.UnicodeScalarView()
      if scalars[index] == "\"" {
        index += 1
        while index < end, scalars[index] != "\"" {
          if scalars[index] == "\\" { index += 1 }
          element.append(scalars[index])
          index += 1
        }
        guard index < end else { return nil }
        index += 1
      } else {
        while index < end, scalars[index] != "," {
          guard scalars[index] != "{", scalars[index] != "\"" else { return nil }
          element.append(scalars[index])
          index += 1
        }
        guard !element.isEmpty, String(element) != "NULL" else { return nil }
      }
      elements.append(String(element))
      if index < end {
        guard scalars[index] == ",", index + 1 < end else { return nil }
        index += 1
      }
    }
    return elements
  }
}
