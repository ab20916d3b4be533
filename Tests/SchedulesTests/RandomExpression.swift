import MalformedInputs
import SeededRandom

/// A random cron expression, generated together with its values, so that the test needs no parser.
struct RandomExpression {
  private(set) var text = ""
  /// The values of minute, hour, day of month, month and day of week.
  private(set) var values: [Set<Int>] = []
  private var stars: [Bool] = []

  private static let limits = [0...59, 0...23, 1...31, 1...12, 0...7]
  private static let names: [Int: [String]] = [
    3: ["?", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    4: ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"],
  ]
  /// How often, in 10 expressions, each field begins with a star.
  private static let starry = [3, 5, 7, 8, 7]

  init(_ random: inout SeededRandom) {
    for field in 0..<5 { add(field, &random) }
  }

  func matches(_ wall: WallMinute) -> Bool {
    let day = values[2].contains(wall.day)
    let weekday = values[4].contains(wall.weekday)
    return values[0].contains(wall.minute) && values[1].contains(wall.hour) && values[3].contains(wall.month)
      && (stars[2] || stars[4] ? day && weekday : day || weekday)
  }

  var hasEveryHour: Bool { values[1].count == 24 }

  private mutating func add(_ field: Int, _ random: inout SeededRandom) {
    let limits = Self.limits[field]
    var pieces: [String] = []
    var found: Set<Int> = []
    let isStar = random.below(10) < Self.starry[field]
    for piece in 0..<(isStar ? 1 : 1 + random.below(3)) {
      let step = random.onceIn(2) ? 1 : 1 + random.below(limits.upperBound)
      var range = field == 4 ? 0...6 : limits
      var text = "*"
      if !(isStar && piece == 0) {
        let low = limits.lowerBound + random.below(limits.count)
        let high = low + random.below(limits.upperBound - low + 1)
        if random.onceIn(2) {
          range = low...high
          text = word(low, field, &random) + "-" + word(high, field, &random)
        } else {
          // A value with a step is a range up to the maximum; Sunday is then the first day.
          let start = field == 4 ? low % 7 : low
          range = start...(step > 1 ? range.upperBound : start)
          text = word(low, field, &random)
        }
      }
      pieces.append(step > 1 ? text + "/\(step)" : text)
      found.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
    }
    text += (field > 0 ? " " : "") + pieces.joined(separator: ",")
    values.append(field == 4 ? Set(found.map { $0 % 7 }) : found)
    stars.append(isStar)
  }

  private func word(_ value: Int, _ field: Int, _ random: inout SeededRandom) -> String {
    // A name for Sunday at the start of a range means 0, never 7.
    guard let names = Self.names[field], value != 7 || field != 4, random.onceIn(3) else { return "\(value)" }
    return random.onceIn(2) ? names[value] : names[value].uppercased()
  }
}
