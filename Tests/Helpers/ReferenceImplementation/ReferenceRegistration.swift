/// An accepted record as it is stored.
public struct ReferenceRegistration: Equatable, Sendable {
  /// Values by column, as PostgreSQL writes them; NULLs are left out.
  private var values: [String: String] = [:]

  public init(_ values: [String: String] = [:]) {
    for (column, value) in values { self[column] = value }
  }

  /// - Parameter row: a value for each of ``columns``; others may follow.
  public init(row: [String?]) {
    for (column, value) in zip(Self.columns, row) { self[column] = value }
  }

  public var ban: String { values["ban"] ?? "" }

  public subscript(column: String) -> String? {
    get { values[column] }
    set {
      precondition(Self.columns.contains(column), "\(column) is no column")
      values[column] = newValue
    }
  }

  public static func == (left: Self, right: Self) -> Bool {
    columns.allSatisfy { sameBytes(left[$0], right[$0]) }
  }
}

/// One row of an accepted record's industries.
public struct ReferenceIndustry: Equatable, Sendable {
  public var ban: String
  public var code: String
  public var name: String?
  /// The slot, 1 to 4.
  public var order: Int

  public init(ban: String, code: String, name: String? = nil, order: Int) {
    self.ban = ban
    self.code = code
    self.name = name
    self.order = order
  }

  public static func == (left: Self, right: Self) -> Bool {
    sameBytes(left.ban, right.ban) && sameBytes(left.code, right.code) && sameBytes(left.name, right.name)
      && left.order == right.order
  }
}
