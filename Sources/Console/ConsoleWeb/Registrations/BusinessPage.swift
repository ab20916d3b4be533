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
  private static let elsewhere: Set = ["ban", "business_name", "headquarters_ban"]

  var values: [String: Any?] {
    [
      "nav_registrations": true, "ban": business.ban.text,
      "name": business.registration?.name ?? business.history.first?.name ?? business.ban.text,
      "check_is_right": business.ban.hasRightCheckDigit, "is_gone": business.registration == nil,
      "facts": business.registration.map(facts), "head_office": headOffice,
      "has_branches": !business.branches.isEmpty, "branch_count": text.count(business.branchCount),
      "history_count": text.count(business.history.count),
      "similar_path": business.distinctiveName.map { QueryFields.path("/registrations", [("q", $0)]) },
      "branches": business.branches.map { ["ban": $0.ban, "name": $0.name, "address": $0.address ?? "–"] },
      "all_branches_path": business.hasMoreBranches ? "/registrations?head_office=\(business.ban.text)" : nil,
      "branches_shown": text("reg_branches_shown", text.count(business.branches.count)),
      "correction": correction, "has_history": !business.history.isEmpty,
      "changes": business.history.map { ChangeRow(text: text, $0).values },
    ]
  }

  private func facts(_ registration: Registration) -> [String: Any] {
    [
      "columns": registration.columns.filter { !Self.elsewhere.contains($0.column.name) }.map { column, value in
        [
          "column": text.named("run_column_", column.name),
          "value": value.map { text.value($0, of: column.name) } ?? "–",
        ]
      },
      "source_date": registration.sourceDate ?? "–", "created_at": TaipeiTime.text(registration.createdAt),
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
      var values: [String: Any] = ["by": correction.correctedBy, "at": TaipeiTime.text(correction.correctedAt)]
      if !correction.fixedCodes.isEmpty { values["codes"] = correction.fixedCodes.joined(separator: " ") }
      return values
    }
  }
}
