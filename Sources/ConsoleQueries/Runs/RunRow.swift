import FoundationEssentials
import Postgres

/// A row of an answer, read by the columns' places.
struct RunRow {
  let values: [String?]

  func text(_ column: Int) -> String? { values[column] }
  func number(_ column: Int) -> Int? { values[column].flatMap { Int($0) } }
  func count(_ column: Int) -> Int { number(column) ?? 0 }
  func real(_ column: Int) -> Double? { values[column].flatMap { Double($0) } }
  func truth(_ column: Int) -> Bool { values[column] == "t" }

  /// What a JSON document says; nil where it is NULL or says something else.
  func json<Value: Decodable>(_ column: Int, as type: Value.Type = Value.self) -> Value? {
    values[column].flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}

extension Rows {
  var runRows: [RunRow] { values.map(RunRow.init) }
}
