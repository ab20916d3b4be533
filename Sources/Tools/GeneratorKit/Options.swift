/// The properties of a snapshot. Equal options give equal bytes on every machine.
public struct GeneratorOptions: Sendable {
  /// Number of businesses on day 0. Dirty records are added to them.
  public var rows: Int
  public var seed: UInt64
  /// The day to generate. Day K + 1 differs from day K in exactly `changes`.
  public var day = 0
  public var changes = DailyChanges()
  public var dirt = DirtAmounts()
  /// The date in the stamp row of day 0. Each day is one later.
  public var date = CalendarDate(ordinal: 20_697)
  public var hasStamp = true
  /// Whether the file begins with a UTF-8 byte order mark.
  public var hasBOM = false
  /// Whether lines end with CRLF instead of LF.
  public var usesCRLF = false
  public var endsWithNewline = true

  public init(rows: Int, seed: UInt64 = 1) {
    self.rows = rows
    self.seed = seed
  }
}

/// The number of businesses that change from one day to the next. No business changes in two ways on one day.
public struct DailyChanges: Sendable, Equatable {
  /// Registered for the first time.
  public var new = 0
  /// Removed from the file.
  public var closed = 0
  /// Back in the file, unchanged, after they were closed on an earlier day. Fewer if fewer are closed.
  public var returned = 0
  /// With another address.
  public var moved = 0
  /// With another name.
  public var renamed = 0
  /// With another capital.
  public var recapitalised = 0

  public init(
    new: Int = 0, closed: Int = 0, returned: Int = 0, moved: Int = 0, renamed: Int = 0, recapitalised: Int = 0
  ) {
    self.new = new
    self.closed = closed
    self.returned = returned
    self.moved = moved
    self.renamed = renamed
    self.recapitalised = recapitalised
  }
}

/// Options that no snapshot can satisfy.
public struct InvalidOptions: Error, CustomStringConvertible, Equatable {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension GeneratorOptions {
  func validate() throws(InvalidOptions) {
    let amounts = [rows, day, changes.new, changes.closed, changes.returned, changes.moved, changes.renamed]
    guard (amounts + [changes.recapitalised]).allSatisfy({ (0...BANSpace.businesses).contains($0) }) else {
      throw InvalidOptions("a number is negative, or more than the \(BANSpace.businesses) BANs that exist")
    }
    guard day <= 9_999 else { throw InvalidOptions("day \(day) is too large: at most 9999") }
    guard rows + changes.new * day <= BANSpace.businesses else {
      throw InvalidOptions("there are only \(BANSpace.businesses) BANs, fewer than the businesses requested")
    }
    guard (2000...2099).contains(date.components.year), date.adding(days: day).components.year <= 2099 else {
      throw InvalidOptions("the stamp row has two digits for the year: the date must be in 2000 … 2099")
    }
    guard dirt.total <= DirtAmounts.limit else {
      throw InvalidOptions("\(dirt.total) dirty records are too many: at most \(DirtAmounts.limit)")
    }
    // Dirty records go between regular ones, and duplicates are made of them.
    guard dirt.total == 0 || rows >= 2 else { throw InvalidOptions("dirty records need at least two regular rows") }
  }
}
