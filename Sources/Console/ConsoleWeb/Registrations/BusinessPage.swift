import ConsoleQueries

/// The values of a business's page.
struct BusinessPage {
  let text: RunText
  let business: Business

  init(text: RunText, _ business: Business) {
    self.text = text
    self.business = business
  }

  /// The columns that are shown elsewhere: in the title, or with the head office's name.
  private static let elsewhere: Set = ["ban", "business_name", "headquarters_ban", "setup_date"]

  var values: [String: Any?] {
    let counting = business.history.filter { !$0.isUndone }.map(entry)
    let undone = business.history.filter(\.isUndone).map(entry)
    return [
      "nav_registrations": true, "ban": business.ban.text,
      "name": business.registration?.name ?? business.history.first?.name ?? business.ban.text,
      "check_is_right": business.ban.hasRightCheckDigit, "gone": business.registration == nil ? gone : nil,
      "findings_path": findingsPath, "facts": business.registration.map(facts), "head_office": headOffice,
      "has_branches": !business.branches.isEmpty, "branch_count": text.count(business.branchCount),
      "history_count": text.count(counting.count),
      "similar_path": business.distinctiveName.map { QueryFields.path("/registrations", [("q", $0)]) },
      "branches": business.branches.map { ["ban": $0.ban, "name": $0.name, "address": $0.address ?? "–"] },
      "all_branches_path": business.hasMoreBranches ? "/registrations?head_office=\(business.ban.text)" : nil,
      "branches_shown": text("reg_branches_shown", text.count(business.branches.count)),
      "correction": correction, "has_history": !counting.isEmpty, "changes": counting,
      "undone_changes": undone, "has_undone": !undone.isEmpty,
      "undone_title": text("reg_history_undone", text.count(undone.count)), "last": last, "has_last": last != nil,
    ]
  }

  private func entry(_ change: RegistrationChange) -> [String: Any] {
    var values = ChangeRow(text: text, change).values
    // What the first load brought was not new then.
    if change.kind == .added, change.isOfFirstLoad { values["kind"] = text("reg_first") }
    // A rollback is named by its time: the source changed nothing on the day to whose data it returns.
    values["is_rollback"] = change.action == "rollback"
    return values
  }

  /// The change that removed the business from the registry.
  private var removal: RegistrationChange? {
    business.registration == nil ? business.history.first.flatMap { $0.kind == .removed ? $0 : nil } : nil
  }

  /// The columns of a removed business.
  private var last: Any? { removal.flatMap { ChangeRow(text: text, $0).values["columns"] } }

  private var gone: String {
    guard let removal, let day = removal.asOfDate, let reason = removal.reason else { return text("reg_gone") }
    if removal.action == "rollback" { return text("reg_gone_rolled_back", day) }
    return text(
      reason == "rejected" ? "reg_gone_rejected" : "reg_gone_since", day, text.named("run_removed_", reason))
  }

  /// The findings of the record of a removed business, in the load that rejected it.
  private var findingsPath: String? {
    guard let removal, removal.action == "load", removal.reason == "rejected" else { return nil }
    return FindingRequest.path(of: business.ban, run: removal.jobRunID)
  }

  private func facts(_ registration: Registration) -> [String: Any] {
    // The time of the publication, as in the history: the row was written before it.
    let first = business.history.last { $0.kind == .added }?.publishedAt ?? registration.createdAt
    return [
      "columns": registration.columns.filter { !Self.elsewhere.contains($0.column.name) }.map { column, value in
        [
          "column": text.named("run_column_", column.name),
          "value": value.map { text.value($0, of: column.name) } ?? "–",
        ]
      },
      "source_date": registration.sourceDate ?? "–", "created_at": TaipeiTime.text(first),
      "updated_at": TaipeiTime.text(registration.updatedAt), "has_industries": !registration.industries.isEmpty,
      "industry_count": registration.industries.count,
      "industries": registration.industries.map { ["slot": $0.slot, "code": $0.code, "industry": $0.name ?? "–"] },
    ]
  }

  private var headOffice: [String: Any]? {
    business.headOffice.map { office in
      var values: [String: Any] = ["office_ban": office.ban]
      values["office_name"] = office.name
      return values
    }
  }

  private var correction: [String: Any]? {
    business.correction.map { correction in
      let codes = correction.fixedCodes.map { text.named("finding_code_", $0) }.joined(separator: text("comma"))
      return [
        "by": codes.isEmpty
          ? text("reg_corrected_by", correction.correctedBy)
          : text("reg_corrected_codes", correction.correctedBy, codes),
        "at": TaipeiTime.text(correction.correctedAt),
      ]
    }
  }
}
