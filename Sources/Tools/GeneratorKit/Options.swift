/// What a snapshot is to be like. Equal options make equal bytes, on every machine.
public struct GeneratorOptions: Sendable {
  /// Businesses on day 0. Dirt comes on top.
  public var rows: Int
  public var seed: UInt64
  /// The day to make. Day K + 1 differs from day K in exactly `changes`.
  public var day = 0
  public var changes = DailyChanges()
  public var dirt = DirtAmounts()
  /// The date of day 0, in the stamp row of that day; each day is one later.
  public var date = CalendarDate(ordinal: 20_697)
  public var hasStamp = true
  /// Begins with a UTF-8 byte order mark.
  public var hasBOM = false
  /// Ends lines with CRLF rather than LF.
  public var usesCRLF = false
  public var endsWithNewline = true

  public init(rows: Int, seed: UInt64 = 1) {
    self.rows = rows
    self.seed = seed
  }
}

/// How many businesses change from a day to the next. No business changes in two ways on one day.
public struct DailyChanges: Sendable, Equatable {
  /// Registered for the first time.
  public var new = 0
  /// Gone from the file.
  public var closed = 0
  /// Back in the file after they were closed on an earlier day, as they were: as many as there are, up to this number.
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

/// Options that no snapshot can satisfy: wrong usage.
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
      throw InvalidOptions("a number is negative, or over the \(BANSpace.businesses) numbers that businesses can have")
    }
    guard day <= 9_999 else { throw InvalidOptions("day \(day) is too far off: at most 9999") }
    guard rows + changes.new * day <= BANSpace.businesses else {
      throw InvalidOptions("there are numbers for \(BANSpace.businesses) businesses, fewer than asked for")
    }
    guard (2000...2099).contains(date.components.year), date.adding(days: day).components.year <= 2099 else {
      throw InvalidOptions("the stamp row has two digits for the year: the date must be in 2000 … 2099")
    }
    guard dirt.total <= DirtAmounts.limit else {
      throw InvalidOptions("\(dirt.total) dirty records: at most \(DirtAmounts.limit)")
    }
    // Dirt goes between regular records, and duplicates are made of them.
    guard dirt.total == 0 || rows >= 2 else { throw InvalidOptions("dirt needs at least two rows to stand between") }
  }
}
