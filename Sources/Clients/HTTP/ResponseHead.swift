/// Status line and headers of the last response.
public struct ResponseHead: Sendable {
  /// Nil before the status line.
  public internal(set) var status: Int?
  /// Whether the empty line after the headers has arrived.
  var isComplete = false
  private var fields: [(name: String, value: String)] = []

  init() {}

  mutating func append(_ name: String, _ value: String) { fields.append((name.lowercased(), value)) }

  /// A header's value; the last one if the header is repeated.
  public subscript(name: String) -> String? { all(name).last }

  /// All values of a header.
  public func all(_ name: String) -> [String] {
    let name = name.lowercased()
    return fields.filter { $0.name == name }.map(\.value)
  }
}
