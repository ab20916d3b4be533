import FoundationEssentials

/// PostgreSQL's `text[]`, on its way in and, as JSON, out.
enum TextArray {
  static func encode(_ values: [String]) -> String {
    let quoted = values.map { value in
      "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    return "{" + quoted.joined(separator: ",") + "}"
  }

  static func decode(_ json: String) -> [String]? { try? JSONDecoder().decode([String].self, from: Data(json.utf8)) }
}
