import FoundationEssentials

/// The fields of a form (`application/x-www-form-urlencoded`) or a URL's query.
public struct FormFields: Sendable, Equatable {
  public private(set) var values: [String: String] = [:]

  public init() {}

  /// Parses fields. If a name occurs twice, the last value counts.
  ///
  /// - Returns: nil if the text is not UTF-8, contains NUL (which PostgreSQL's text cannot), or has more than 100
  ///   fields.
  public init?(encoded text: some StringProtocol) {
    let parts = text.split(separator: "&")
    guard parts.count <= 100 else { return nil }
    for part in parts {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(pair[0]), let value = Self.decode(pair.count > 1 ? pair[1] : "") else { return nil }
      values[name] = value
    }
  }

  /// The value without surrounding white space; nil if it is empty or missing.
  public subscript(_ name: String) -> String? {
    guard let value = values[name] else { return nil }
    let trimmed = value.trimmingCharacters(while: \.properties.isWhitespace)
    return trimmed.isEmpty ? nil : trimmed
  }

  private static func decode(_ text: some StringProtocol) -> String? {
    guard let decoded = String(text).replacing("+", with: " ").removingPercentEncoding,
      !decoded.utf8.contains(0)
    else { return nil }
    return decoded
  }
}

extension String {
  func trimmingCharacters(while isLeft: (Unicode.Scalar) -> Bool) -> String {
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !isLeft($0) }),
      let last = scalars.lastIndex(where: { !isLeft($0) })
    else { return "" }
    return String(scalars[first...last])
  }
}
