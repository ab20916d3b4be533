import Support

/// Text from arbitrary bytes, made visible for a page. Characters that are invisible, or that reorder the text around
/// them, are replaced by names.
public struct EscapedText: Sendable, Equatable {
  /// A part of the text: unchanged characters, or a stand-in for one that cannot be shown. The source may contain the
  /// same characters as a stand-in, so the two are distinguished.
  public struct Part: Sendable, Equatable {
    public let text: String
    public let isStandIn: Bool

    public init(_ text: String, isStandIn: Bool) {
      self.text = text
      self.isStandIn = isStandIn
    }
  }

  /// How many bytes are shown at most.
  public static let bytesMax = 4096

  public let parts: [Part]
  /// The number of bytes that were left out at the end.
  public let bytesLeftOut: Int

  /// All parts joined.
  public var text: String { parts.map(\.text).joined() }

  /// Converts bytes to visible text.
  ///
  /// - Parameters:
  ///   - bytes: the text. Invalid UTF-8 becomes U+FFFD as a stand-in.
  ///   - bytesMax: how many bytes are shown.
  public init(_ bytes: [UInt8], bytesMax: Int = EscapedText.bytesMax) {
    var shown = min(bytes.count, bytesMax)
    // The text is not cut within a character.
    while shown > 0, shown < bytes.count, bytes[shown] & 0xC0 == 0x80, bytesMax - shown < 4 { shown -= 1 }
    bytesLeftOut = bytes.count - shown
    var parts: [Part] = []
    var plain = String.UnicodeScalarView()
    func close() {
      if !plain.isEmpty { parts.append(Part(String(plain), isStandIn: false)) }
      plain = String.UnicodeScalarView()
    }
    var decoder = UTF8()
    var iterator = bytes[..<shown].makeIterator()
    decoding: while true {
      switch decoder.decode(&iterator) {
      case .emptyInput: break decoding
      case .error:
        close()
        parts.append(Part("\u{FFFD}", isStandIn: true))
      case .scalarValue(let scalar):
        guard let standIn = Self.standIn(for: scalar) else {
          plain.append(scalar)
          continue
        }
        close()
        parts.append(Part(standIn, isStandIn: true))
        // The line also breaks where it does in the source.
        if scalar == "\n" { plain.append(scalar) }
      }
    }
    close()
    self.parts = parts
  }

  /// Returns the visible name of a bidirectional control character, which reorders the text around it (UAX #9, section
  /// 2); nil for other characters.
  package static func bidirectionalStandIn(for scalar: Unicode.Scalar) -> String? {
    scalar.properties.isBidiControl ? standIn(for: scalar) : nil
  }

  /// Returns the text with each bidirectional control character replaced by its name.
  package static func namingBidirectional(in text: String) -> String {
    guard text.unicodeScalars.contains(where: \.properties.isBidiControl) else { return text }
    return text.unicodeScalars.map { bidirectionalStandIn(for: $0) ?? String($0) }.joined()
  }

  /// Returns the stand-in for a scalar that is invisible or changes how its neighbours look; nil if it can be shown.
  static func standIn(for scalar: Unicode.Scalar) -> String? {
    switch scalar.value {
    // The control pictures of Unicode are in the same order as the control characters.
    case 0..<0x20: return Unicode.Scalar(0x2400 + scalar.value).map { String($0) }
    case 0x7F: return "\u{2421}"
    case 0x20, 0x3000: return nil
    default: break
    }
    let isShown: Bool =
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse, .surrogate,
        .unassigned:
        false
      default: !scalar.properties.isDefaultIgnorableCodePoint
      }
    guard !isShown else { return nil }
    return "\u{27E8}U+" + scalar.value.padded(4, radix: 16).uppercased() + "\u{27E9}"
  }
}
