/// The value of a field after decoding, trimming and comparing with the markers of absence.
enum FieldValue {
  /// Not UTF-8, or contains a NUL.
  case undecodable
  case missing
  case text(String)

  init(_ field: ScannedRecord.Field) {
    guard let trimmed = trimmedText(field.bytes) else {
      self = .undecodable
      return
    }
    let isMarker = ["NULL", "null", "NA", "N/A"].contains { sameBytes($0, trimmed) }
    if trimmed.isEmpty || (!field.isQuoted && isMarker) {
      self = .missing
    } else {
      self = .text(trimmed)
    }
  }

  var isMissing: Bool {
    if case .missing = self { true } else { false }
  }

  var isUndecodable: Bool {
    if case .undecodable = self { true } else { false }
  }

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }
}

/// Returns the text without White_Space at both ends, trimmed by scalar (a Character such as CR LF has several).
func trimmedText(_ bytes: [UInt8]) -> String? {
  guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { return nil }
  let scalars = text.unicodeScalars
  guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
    let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
  else { return "" }
  return String(scalars[first...last])
}
