/// A sentence with placeholders `%1` to `%9`, for translating messages of the pipeline.
public struct MessageTemplate: Sendable {
  private enum Piece: Sendable {
    case text(String)
    case value(Int)
  }

  private let pieces: [Piece]

  /// Parses a template.
  public init(_ template: String) {
    var pieces: [Piece] = []
    var text = String.UnicodeScalarView()
    var rest = template.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == "%", let digit = rest.first, "1"..."9" ~= digit {
        rest.removeFirst()
        if !text.isEmpty { pieces.append(.text(String(text))) }
        pieces.append(.value(Int(digit.value) - 0x30))
        text = .init()
      } else {
        text.append(scalar)
      }
    }
    if !text.isEmpty { pieces.append(.text(String(text))) }
    self.pieces = pieces
  }

  /// Extracts the values of a message. Each value is as short as possible, and not empty.
  ///
  /// - Returns: nil if the message does not match the template.
  public func values(of message: String) -> [Int: String]? {
    let message = Array(message.unicodeScalars)
    var (values, place): ([Int: String], Int) = ([:], 0)
    var open: Int?
    for (index, piece) in pieces.enumerated() {
      switch piece {
      case .value(let number):
        guard open == nil else { return nil }
        open = number
      case .text(let text):
        let text = Array(text.unicodeScalars)
        let isLast = index == pieces.count - 1
        guard
          let found = Self.find(
            text, in: message, from: place + (open == nil ? 0 : 1),
            isWhere: { start in
              open == nil ? start == place : !isLast || start + text.count == message.count
            })
        else { return nil }
        if let number = open { values[number] = Self.text(message[place..<found]) }
        (open, place) = (nil, found + text.count)
      }
    }
    if let number = open {
      guard place < message.count else { return nil }
      values[number] = Self.text(message[place...])
      place = message.count
    }
    return place == message.count ? values : nil
  }

  /// Returns the sentence with its placeholders replaced. One without a value becomes empty.
  public func filled(with values: [Int: String]) -> String {
    pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .value(let number): values[number] ?? ""
      }
    }.joined()
  }

  private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    String(String.UnicodeScalarView(scalars))
  }

  private static func find(
    _ text: [Unicode.Scalar], in message: [Unicode.Scalar], from first: Int, isWhere: (Int) -> Bool
  ) -> Int? {
    guard first <= message.count - text.count else { return nil }
    return (first...message.count - text.count).first { start in
      isWhere(start) && message[start..<start + text.count].elementsEqual(text)
    }
  }
}
