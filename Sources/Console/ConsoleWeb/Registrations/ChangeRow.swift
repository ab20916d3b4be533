import ConsoleQueries
import Records

/// The values of a row of the change feed.
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
      // A full record has the set-up date only once: the date of the Republic is shown with the other one.
      "columns": change.columns.filter { change.kind == .changed || $0.name != "setup_date" }.map { column in
        var values: [String: Any] = ["column": text.named("run_column_", column.name)]
        values["before"] = column.before.map { text.value($0, of: column.name) }
        values["after"] = column.after.map { text.value($0, of: column.name) }
        values["whole"] = values["after"] ?? values["before"]
        return values
      },
    ]
    // The reason of a rollback is its action, which is shown.
    values["reason"] = change.action == "rollback" ? nil : change.reason.map { text.named("run_removed_", $0) }
    values["kind_name"] = change.kind?.rawValue
    // The changes of a rollback are not undone themselves.
    values["is_undone"] = change.isUndone && change.action != "rollback"
    // The address of a business that was added or removed.
    values["address"] = change.columns.first { $0.name == "business_address" }.flatMap { $0.after ?? $0.before } ?? "–"
    // An added or removed business lists all its columns, so the template folds them.
    values["is_whole"] = change.kind != .changed
    return values
  }
}

extension RunText {
  /// Formats the value of a column of a business.
  ///
  /// - Parameter value: as PostgreSQL writes it, as text or in JSON.
  func value(_ value: String, of column: String) -> String {
    if column == "business_setup_date", let date = rocDate(value) { return date }
    return switch StoredColumn.all.first(where: { $0.name == column })?.form {
    case .amount: Int(value).map { self("reg_amount", count($0)) } ?? value
    case .flag: self(value.hasPrefix("t") ? "yes" : "no")
    case .text, .date, nil: value
    }
  }

  /// Formats a date of the ROC calendar, YYYMMDD; nil if the text is not one.
  private func rocDate(_ text: String) -> String? {
    guard text.utf8.count == 7, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(text) else { return nil }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
    guard year > 0, 1...12 ~= month, 1...31 ~= day else { return nil }
    return self("reg_roc_date", "\(year)", "\(month)", "\(day)", "\(year + 1911)-\(two(month))-\(two(day))")
  }
}
