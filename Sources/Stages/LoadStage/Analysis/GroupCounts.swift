import Postgres
import Support

/// The numbers of businesses by city and by kind of organisation that a publication records, as JSON.
struct GroupCounts: Sendable {
  let byCity: String
  let byType: String

  /// A way to group businesses.
  private enum Group: String {
    case city, type

    /// The column of publication.
    var column: String { "businesses_by_\(rawValue)" }

    /// - Parameter source: `r.` for a row, or `c.before ->> ` for an image.
    func sql(_ source: (_ column: String) -> String) -> String {
      switch self {
      case .city: "address_city(\(source("business_address")))"
      case .type: source("business_type")
      }
    }
  }

  /// Counts the rows of a table.
  ///
  /// - Parameter table: tax_registration or its bulk table.
  static func count(_ table: String, _ session: inout Connection) throws -> GroupCounts {
    let row = try session.row(
      String(
        sql: PackageResources.count_groups_sql,
        ["table": table, "city": Group.city.sql { "r.\($0)" }, "type": Group.type.sql { "r.\($0)" }]))
    return GroupCounts(byCity: try row.text("by_city"), byType: try row.text("by_type"))
  }

  /// Derives the counts from those of the last publication and the change feed of this job run; counts the rows if that
  /// does not add up.
  static func next(
    _ job: JobRun, registrations: Int, _ table: String, _ session: inout Connection
  ) throws -> GroupCounts {
    func next(_ group: Group, _ session: inout Connection) throws -> String? {
      try session.optionalText(
        String(
          sql: PackageResources.next_group_counts_sql,
          [
            "counts": group.column, "before": group.sql { "c.before ->> '\($0)'" },
            "after": group.sql { "c.after ->> '\($0)'" },
          ]), ["\(job.id)", "\(registrations)"])
    }
    guard let byCity = try next(.city, &session), let byType = try next(.type, &session) else {
      return try count(table, &session)
    }
    return GroupCounts(byCity: byCity, byType: byType)
  }
}
