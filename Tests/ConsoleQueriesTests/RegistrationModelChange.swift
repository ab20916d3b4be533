import Postgres

/// A row of the change feed.
struct ModelChange {
  let run: Int
  let day: String
  let ban: String
  let kind: String
  let columns: [String]

  /// Returns the image of the business in a change row. Only the BAN and the name vary.
  private func image(_ name: String) -> String {
    #"""
    {"ban": "\#(ban)", "business_name": "\#(name)", "capital_amount": 5, "is_use_invoice": true,
      "headquarters_ban": null,
      "industries": [{"order": 2, "industry_code": "22", "industry_name": null},
        {"order": 1, "industry_code": "11", "industry_name": "乙"}]}
    """#
  }

  func insert(_ connection: inout Connection) throws {
    let hasBefore = ["changed", "removed"].contains(kind)
    try connection.execute(
      """
      INSERT INTO registration_change (job_run_id, source_date, ban, kind, reason, changed_columns, before, after)
      VALUES ($1, $2, $3, $4, $5, $6::text[], $7::jsonb, $8::jsonb)
      """,
      [
        "\(run)", day, ban, kind, kind == "removed" ? "absent" : nil, "{\(columns.joined(separator: ","))}",
        hasBefore ? image("old") : nil, kind == "removed" ? nil : image("new"),
      ])
  }
}
