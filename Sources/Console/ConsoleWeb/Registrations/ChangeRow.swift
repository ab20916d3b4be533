import ConsoleQueries

/// A row of the change feed, for the template.
struct ChangeRow {
  let text: RunText
  let change: RegistrationChange

  init(text: RunText, _ change: RegistrationChange) {
    self.text = text
    self.change = change
  }

  var values: [String: Any] {
    var values: [String: Any] = [
      "change_ban": change.ban, "change_name": change.name ?? "–", "run": change.jobRunID,
      "action": text.named("run_action_", change.action), "as_of": change.asOfDate ?? "–",
      "published_at": TaipeiTime.text(change.publishedAt),
      "kind": change.kind.map { text.named("run_kind_", $0.rawValue) } ?? text("reg_kind_unknown"),
      "has_columns": !change.columns.isEmpty,
      "columns": change.columns.map { column in
        var values: [String: Any] = ["column": text.named("run_column_", column.name)]
        values["before"] = column.before.map { value(column.name, $0) }
        values["after"] = column.after.map { value(column.name, $0) }
        return values
      },
    ]
    // What a rollback takes out is not gone from the source.
    values["reason"] = change.action == "rollback" ? nil : change.reason.map { text.named("run_removed_", $0) }
    // What came or went is told in full, which few want to read of each.
    values["is_whole"] = change.kind != .changed
    return values
  }

  private func value(_ column: String, _ value: String) -> String {
    switch column {
    case "capital_amount": Int(value).map { text.count($0) } ?? value
    case "is_use_invoice": text(value == "true" ? "yes" : "no")
    default: value
    }
  }
}
