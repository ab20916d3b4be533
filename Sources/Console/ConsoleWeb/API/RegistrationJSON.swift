import ConsoleQueries
import Records

// The documents of the API. Members of a business have the names of the registry's columns, as the images in the change
// feed do. Change Assets/openapi.json together with them.

extension JSON {
  static func registration(_ business: Registration) -> JSON {
    .object(
      business.columns.map { ($0.column.name, value($0.value, $0.column.form)) } + [
        (
          "industries",
          .list(business.industries) {
            .object([
              ("order", .number(Int64($0.slot))), ("industry_code", .text($0.code)), ("industry_name", .text($0.name)),
            ])
          }
        ),
        ("data_source_date", .text(business.sourceDate)), ("created_at", .time(business.createdAt)),
        ("updated_at", .time(business.updatedAt)), ("is_corrected", .truth(business.isCorrected)),
      ])
  }

  private static func value(_ text: String?, _ form: StoredColumn.Form) -> JSON {
    guard let text else { return .null }
    return switch form {
    case .text, .date: .text(text)
    case .amount: Int64(text).map { .number($0) } ?? .null
    case .flag: .truth(text == "t")
    }
  }

  static func change(_ change: RegistrationChange) -> JSON {
    .object([
      ("job_run_id", .number(Int64(change.jobRunID))), ("action", .text(change.action)),
      ("as_of_date", .text(change.asOfDate)), ("published_at", .time(change.publishedAt)), ("ban", .text(change.ban)),
      ("kind", .text(change.kind?.rawValue)), ("reason", .text(change.reason)),
      ("changed_columns", .list(change.kind == .changed ? change.columns.map(\.name) : []) { .text($0) }),
      ("before", .document(change.before)), ("after", .document(change.after)),
      ("is_undone", .truth(change.isUndone)),
    ])
  }

  static func undone(_ day: UndonePublications.Day) -> JSON {
    .object([
      ("job_run_id", .number(Int64(day.jobRunID))), ("as_of_date", .text(day.asOfDate)),
      ("undone_by", .number(Int64(day.rollback))),
    ])
  }

  static func business(_ business: Business) -> JSON {
    .object([
      ("ban", .text(business.ban.text)), ("has_right_check_digit", .truth(business.ban.hasRightCheckDigit)),
      ("registration", business.registration.map { .registration($0) } ?? .null),
      (
        "head_office",
        business.headOffice.map { .object([("ban", .text($0.ban)), ("business_name", .text($0.name))]) } ?? .null
      ),
      (
        "branches",
        .list(business.branches) {
          .object([
            ("ban", .text($0.ban)), ("business_name", .text($0.name)), ("business_address", .text($0.address)),
          ])
        }
      ),
      ("has_more_branches", .truth(business.hasMoreBranches)), ("correction", correction(business.correction)),
      ("history", .list(business.history) { .change($0) }),
    ])
  }

  private static func correction(_ correction: Business.Correction?) -> JSON {
    guard let correction else { return .null }
    return .object([
      ("id", .number(Int64(correction.id))), ("corrected_by", .text(correction.correctedBy)),
      ("corrected_at", .time(correction.correctedAt)), ("fixed_codes", .list(correction.fixedCodes) { .text($0) }),
    ])
  }

  /// Converts a time in UTC as PostgreSQL writes it, such as `2026-11-25 13:52:49.123+00`, to RFC 3339.
  private static func time(_ text: String) -> JSON {
    guard text.hasSuffix("+00") else { return .text(text) }
    return .text(text.dropLast(3).replacing(" ", with: "T") + "Z")
  }
}
