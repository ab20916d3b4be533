/// What a field says once it is decoded, trimmed and held against the markers of absence.
enum FieldValue {
  /// Not UTF-8, or with a NUL in it.
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

/// The text without White_Space at both ends, scalar by scalar (a Character may hold several: CR and LF, say).
func trimmedText(_ bytes: [UInt8]) -> String? {
  guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { return nil }
  let scalars = text.unicodeScalars
  guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
    let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
  else { return "" }
  return String(scalars[first...last])
}
