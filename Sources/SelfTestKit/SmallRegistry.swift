import GeneratorKit

/// A registry small enough to be loaded a thousand times, with every kind of dirt in it.
enum SmallRegistry {
  static func days(_ count: Int) throws -> [[UInt8]] {
    try (0..<count).map { day in
      var options = GeneratorOptions(rows: 240)
      options.day = day
      options.dirt = DirtAmounts(ofEach: 1)
      options.changes = DailyChanges(new: 3, closed: 3, returned: 1, moved: 3, renamed: 2, recapitalised: 2)
      return try Generator(options).generate().bytes
    }
  }
}

/// The record of the first day that has no name, and gets one by hand.
enum CorrectedRecord {
  static let ban = "75002434"
  static let edits = [(",\(ban),,,", ",\(ban),,更正商行,")]
}
