/// Header fields in the order of transmission. Names are case-insensitive.
public struct Headers: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  public struct Field: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public var fields: [Field]

  public init(_ fields: [Field] = []) {
    self.fields = fields
  }

  /// A literal may name a field twice.
  public init(dictionaryLiteral elements: (String, String)...) {
    fields = elements.map { Field($0.0, $0.1) }
  }

  /// The first value of a name. Setting it replaces all fields of that name; nil removes them.
  public subscript(name: String) -> String? {
    get { fields.first { Self.same($0.name, name) }?.value }
    set {
      let place = fields.firstIndex { Self.same($0.name, name) } ?? fields.endIndex
      fields.removeAll { Self.same($0.name, name) }
      if let newValue { fields.insert(Field(name, newValue), at: min(place, fields.endIndex)) }
    }
  }

  public func all(_ name: String) -> [String] {
    fields.filter { Self.same($0.name, name) }.map(\.value)
  }

  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name, value))
  }

  public mutating func add(_ others: Headers) {
    fields += others.fields
  }

  /// Returns whether a comma-separated header (Connection, Transfer-Encoding) contains the token.
  func lists(_ token: String, in name: String) -> Bool {
    all(name).contains { value in
      value.split(separator: ",").contains { Self.same($0.trimmed, token) }
    }
  }

  private static func same(_ one: String, _ other: String) -> Bool {
    one.utf8.count == other.utf8.count && one.lowercased() == other.lowercased()
  }
}

extension StringProtocol {
  /// The string without spaces and tabs at both ends.
  var trimmed: String {
    func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
      return ""
    }
    return String(self[first...last])
  }
}
