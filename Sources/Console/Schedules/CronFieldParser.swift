/// Parses one field: values, ranges and steps, separated by commas.
struct CronFieldParser {
  let field: CronField

  /// Returns the field's values as a set: bit n stands for the value n.
  func values(_ text: Substring) throws(TimingError) -> UInt64 {
    var values: UInt64 = 0
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) { values |= try self.piece(piece) }
    return values
  }

  private func piece(_ text: Substring) throws(TimingError) -> UInt64 {
    let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let step = halves.count > 1 ? try self.step(halves[1]) : nil
    let range = try self.range(halves[0], open: step != nil, of: text)
    var values: UInt64 = 0
    // Sunday may be written as 7; the set has it as 0.
    for value in stride(from: range.lowerBound, through: range.upperBound, by: step ?? 1) {
      values |= 1 << (field == .dayOfWeek ? value % 7 : value)
    }
    return values
  }

  /// - Parameter open: whether a single value means all values from there on, as in `5/15`.
  private func range(_ text: Substring, open: Bool, of piece: Substring) throws(TimingError) -> ClosedRange<Int> {
    if text == "*" { return field.range }
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let low = try value(ends.first ?? "", of: piece)
    guard ends.count > 1 else {
      let low = field == .dayOfWeek ? low % 7 : low
      return low...(open ? field.range.upperBound : low)
    }
    var high = try value(ends[1], of: piece)
    // A range may end with Sunday: fri-sun.
    if field == .dayOfWeek, high == 0, low > 0 { high = 7 }
    guard low <= high else { throw TimingError(.backwards, part: String(text), field: field) }
    return low...high
  }

  private func value(_ text: Substring, of piece: Substring) throws(TimingError) -> Int {
    guard !text.isEmpty else { throw TimingError(.missingValue, part: String(piece), field: field) }
    if text.utf8.allSatisfy(\.isDigit) {
      guard let number = Int(text), field.written.contains(number) else {
        throw TimingError(.outOfRange(field.written), part: String(text), field: field)
      }
      return number
    }
    guard let index = field.names.firstIndex(of: text.lowercased()) else {
      throw TimingError(.unknownValue, part: String(text), field: field)
    }
    return field.range.lowerBound + index
  }

  private func step(_ text: Substring) throws(TimingError) -> Int {
    guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit), let number = Int(text), field.steps.contains(number) else {
      throw TimingError(.badStep(field.steps), part: String(text), field: field)
    }
    return number
  }
}

extension UInt8 {
  /// Whether it is an ASCII digit. `Character.isNumber` accepts hundreds of other characters.
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
