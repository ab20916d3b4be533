import Records
import Spool
import StructuredLogging

extension Summary {
  /// Renders the summary as a table for the terminal, with two columns.
  public func table() -> String {
    var rows: [(String, String)] = []
    rows.append(("snapshot", snapshot ?? "none"))
    if let source { rows.append(("source", source)) }
    rows.append(("source date", sourceDate ?? "not known"))
    rows.append(("status", status.rawValue))
    let codes = (findings ?? [:]).sorted { $0.key < $1.key }
    let isLoaded = database.map { $0.rolledBackTo == nil } ?? false
    if let totals {
      rows.append(("records", Self.number(totals.total)))
      rows.append(("  \(isLoaded ? "loaded" : "accepted")", Self.number(totals.processed)))
      rows.append(("  rejected", Self.number(totals.failed)))
      rows += codes.filter { Self.isRejection($0.key) && $0.key != FindingCode.duplicate.code }.map(Self.row)
      rows.append(("  duplicate", Self.number(totals.duplicated)))
      rows.append(("  blank", Self.number(totals.blank)))
    }
    if let industries { rows.append(("industries", Self.number(industries))) }
    let warnings = codes.filter { !Self.isRejection($0.key) }
    if !warnings.isEmpty { rows.append(("warnings", Self.number(warnings.reduce(0) { $0 + $1.value }))) }
    rows += warnings.map(Self.row)
    if let notes { rows += Self.rows(notes) }
    for name in ["fetch", "transform", "load"] {
      guard let stage = stages[name] else { continue }
      var text = "\(Self.seconds(stage.seconds)) s, \(stage.result)"
      if let rate = stage.recordsPerSecond { text += ", \(Self.number(rate)) records/s" }
      rows.append((name, text))
    }
    if let database {
      rows.append(
        (
          "registrations",
          "\(Self.number(database.before.registrations)) → \(Self.number(database.after.registrations))"
        ))
      rows.append(
        ("industry rows", "\(Self.number(database.before.industries)) → \(Self.number(database.after.industries))"))
      rows.append(
        (
          "changes",
          "\(Self.number(database.inserted)) inserted, \(Self.number(database.updated)) updated, \(Self.number(database.removed)) removed"
        ))
    }
    if let database { rows += Self.rows(database.changes) + Self.rows(database) }
    if let check {
      let isEmpty = check.changes.kinds.isEmpty
      rows.append(("registrations", Self.number(check.registrations)))
      if let snapshot = check.rolledBackTo { rows.append(Self.notLoaded(snapshot)) }
      rows.append((check.rolledBackTo == nil ? "would change" : "if loaded again", isEmpty ? "nothing" : ""))
      rows += Self.rows(check.changes)
      // The error of a refused load has the reasons.
      if error == nil { rows += check.refusals.map { ("would be refused", $0) } }
    }
    if let error { rows.append(("error", "\(error.stage): \(error.message)")) }
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { label, value in
      label + String(repeating: " ", count: width - label.count + 2) + Terminal.safe(value) + "\n"
    }.joined()
  }

  /// Rows for the changes by kind, reason and column.
  private static func rows(_ changes: ChangeCounts) -> [(String, String)] {
    var rows: [(String, String)] = []
    for (kind, count) in changes.kinds.sorted(by: { $0.key < $1.key }) {
      rows.append(("  \(kind)", number(count)))
      let parts = kind == "changed" ? changes.columns : kind == "removed" ? changes.reasons : [:]
      rows += parts.sorted { $0.key < $1.key }.map(row)
    }
    return rows
  }

  private static func rows(_ database: Database) -> [(String, String)] {
    var rows: [(String, String)] = []
    if let snapshot = database.rolledBackTo { rows.append(notLoaded(snapshot)) }
    if database.repaired > 0 {
      let shown = database.repairedBANs.prefix(10)
      let rest = database.repaired > shown.count ? " and \(number(database.repaired - shown.count)) more" : ""
      rows.append(
        ("repaired", "\(number(database.repaired)) edited by hand: \(shown.joined(separator: ", "))\(rest)"))
    }
    rows += database.acceptedRefusals.map { ("accepted", $0) }
    return rows
  }

  private static func notLoaded(_ snapshot: String) -> (String, String) {
    ("not loaded", "the registry was rolled back to snapshot \(snapshot)")
  }

  private static func row(_ code: String, _ count: Int) -> (String, String) { ("    \(code)", number(count)) }

  private static func isRejection(_ code: String) -> Bool {
    FindingCode.allCases.contains { $0.code == code && $0.isRejection }
  }

  private static func rows(_ notes: Notes) -> [(String, String)] {
    var rows: [(String, String)] = []
    if !notes.missingColumns.isEmpty {
      rows.append(("note", "missing columns: \(list(notes.missingColumns))"))
    }
    if !notes.unknownColumns.isEmpty {
      rows.append(("note", "unknown columns: \(list(notes.unknownColumns))"))
    }
    if notes.repeatedIndustryCodes > 0 {
      rows.append(("note", "\(number(notes.repeatedIndustryCodes)) industry codes repeated in a record"))
    }
    if notes.industryNamesWithoutCode > 0 {
      rows.append(("note", "\(number(notes.industryNamesWithoutCode)) industry names had no code"))
    }
    return rows
  }

  /// The first of many names; the JSON summary has all of them.
  private static func list(_ names: [String]) -> String {
    names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
  }

  /// `1,713,974`
  static func number(_ number: Int) -> String {
    var digits = Array(String(number))
    var place = digits.count - 3
    while place > (number < 0 ? 1 : 0) {
      digits.insert(",", at: place)
      place -= 3
    }
    return String(digits)
  }

  /// `12.34`
  static func seconds(_ seconds: Double) -> String {
    let hundredths = Int((seconds * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
