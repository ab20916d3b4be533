/// The conditions of a list of changes.
public struct ChangeFilter: Sendable, Equatable {
  /// Selects runs that count from this day or later, ISO 8601.
  public private(set) var since: String?
  /// Selects runs that count from this day or earlier, ISO 8601.
  public private(set) var until: String?
  public private(set) var kind: RegistrationChange.Kind?
  /// Selects changed businesses in which this column differs.
  public private(set) var column: String?
  /// The city or county before or after the change: the first three characters of the address. 台 and 臺 are equal.
  public private(set) var city: String?
  /// Selects businesses that moved into this city.
  public private(set) var movedTo: String?
  /// Selects businesses that moved out of this city.
  public private(set) var movedFrom: String?
  /// A text that the name before or after the change contains. The width of characters, 台 or 臺, and the case of a to
  /// z are ignored.
  public private(set) var name: String?
  public private(set) var ban: BAN?
  /// Selects the changes of this job run, also if a rollback undid it.
  public private(set) var run: Int?
  /// Whether to include the changes of publications that a rollback undid, and those of the rollback.
  public private(set) var includesUndone = false

  /// The names of the parameters, in the order of ``parameters``.
  public static let names = [
    "since", "until", "kind", "column", "city", "moved_to", "moved_from", "name", "ban", "run", "undone",
  ]

  private enum Undone: String { case yes, no }

  /// Selects all changes that count.
  public init() {}

  /// Parses a query.
  ///
  /// - Parameter values: by name, as in a form or a URL. An empty value counts as missing; unknown names are ignored.
  public init(_ values: [String: String]) throws(QueryProblem) {
    let values = QueryValues(values: values)
    since = try values.date("since")
    until = try values.date("until")
    if let since, let until, until < since { throw QueryProblem("until", .range) }
    kind = try values.choice("kind")
    column = values.text("column")
    if let column, !RegistrationChange.columnNames.contains(column) { throw QueryProblem("column", .choice) }
    city = try values.city("city")
    movedTo = try values.city("moved_to")
    movedFrom = try values.city("moved_from")
    name = try values.part("name", upTo: 255)
    let ban = values.text("ban")
    self.ban = ban.flatMap { BAN($0) }
    if ban != nil, self.ban == nil { throw QueryProblem("ban", .ban) }
    let run = values.text("run")
    self.run = run.flatMap { $0.isDigits ? Int($0) : nil }
    if run != nil, self.run == nil { throw QueryProblem("run", .choice) }
    let undone: Undone? = try values.choice("undone")
    includesUndone = undone == .yes
  }

  /// The parameters of this query, for links.
  public var parameters: [(name: String, value: String)] {
    let values = [
      since, until, kind?.rawValue, column, city, movedTo, movedFrom, name, ban?.text, run.map(String.init),
      includesUndone ? Undone.yes.rawValue : nil,
    ]
    return zip(Self.names, values).compactMap { name, value in value.map { (name, $0) } }
  }

  /// The texts of this query, for the name of a file that ends with the last day.
  public var fileWords: [String] {
    [since, kind?.rawValue, city, movedTo, movedFrom, name, ban?.text].compactMap(\.self)
  }

  /// Whether the query has a condition on the businesses, besides kind and column.
  var selectsBusinesses: Bool { [city, movedTo, movedFrom, name, ban?.text].contains { $0 != nil } }
}
