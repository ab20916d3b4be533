import Support

/// A JSON document of the API. Members keep their order.
indirect enum JSON {
  case null
  case truth(Bool)
  case number(Int64)
  case text(String)
  case list([JSON])
  case object([(String, JSON)])
  /// JSON text from PostgreSQL.
  case document(String)

  static func text(_ text: String?) -> JSON { text.map { .text($0) } ?? .null }
  static func document(_ text: String?) -> JSON { text.map { .document($0) } ?? .null }
  static func list<Element>(_ elements: [Element], _ make: (Element) -> JSON) -> JSON { .list(elements.map(make)) }

  var encoded: String {
    var text = ""
    append(to: &text)
    return text
  }

  private func append(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .truth(let value): text += value ? "true" : "false"
    case .number(let value): text += String(value)
    case .text(let value): text += JSONText.quoted(value)
    case .document(let value): text += value
    case .list(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.append(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        text += JSONText.quoted(member.0) + ":"
        member.1.append(to: &text)
      }
      text += "}"
    }
  }
}
