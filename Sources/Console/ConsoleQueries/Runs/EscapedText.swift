import Support

/// Text from a source that may hold anything, made fit for a page: what cannot be seen, or would turn around what
/// stands beside it, is named.
public struct EscapedText: Sendable, Equatable {
  /// A piece of it: text as it is, or a stand-in for what cannot be shown. A source may hold stand-ins of its own, so
  /// the two are told apart.
  public struct Part: Sendable, Equatable {
    public let text: String
    public let isStandIn: Bool

    public init(_ text: String, isStandIn: Bool) {
      self.text = text
      self.isStandIn = isStandIn
    }
  }

  public let parts: [Part]
  /// Bytes that were left out at the end.
  public let bytesLeftOut: Int

  /// All of it in a row.
  public var text: String { parts.map(\.text).joined() }

  /// - Parameters:
  ///   - bytes: bytes that are not UTF-8 stand as U+FFFD, which is a stand-in.
  ///   - bytesMax: how many are looked at.
  public init(_ bytes: [UInt8], bytesMax: Int = 4096) {
    var shown = min(bytes.count, bytesMax)
    // Never between the bytes of one character.
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
        // The line goes on where it did in the source.
        if scalar == "\n" { plain.append(scalar) }
      }
    }
    close()
    self.parts = parts
  }

  /// The visible name of a control character of the bidirectional algorithm, which reorders the text around it (UAX #9,
  /// section 2); nil for other characters.
  package static func bidirectionalStandIn(for scalar: Unicode.Scalar) -> String? {
    scalar.properties.isBidiControl ? standIn(for: scalar) : nil
  }

  /// The text with each such character replaced by its name.
  package static func namingBidirectional(in text: String) -> String {
    guard text.unicodeScalars.contains(where: \.properties.isBidiControl) else { return text }
    return text.unicodeScalars.map { bidirectionalStandIn(for: $0) ?? String($0) }.joined()
  }

  /// What stands for a scalar that cannot be seen, or that changes how its neighbours are seen; nil where it can be
  /// shown.
  static func standIn(for scalar: Unicode.Scalar) -> String? {
    switch scalar.value {
    // The pictures of the control characters are in the same order.
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
