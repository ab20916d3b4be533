import Records
import Spool
import Support

/// The limit of rejected records: a number, or a share of all records.
public enum RejectBudget: Sendable, Equatable, CustomStringConvertible {
  case records(Int)
  /// In percent.
  case percent(Double)

  public static let standard = RejectBudget.percent(1)

  /// - Parameter text: `100` or `1%`.
  public init(_ text: String) throws(Failure) {
    let isDecimal = text.dropLast().allSatisfy { ("0"..."9").contains($0) || $0 == "." }
    if text.hasSuffix("%"), isDecimal, let percent = Double(text.dropLast()), percent <= 100 {
      self = .percent(percent)
    } else if let count = Int(text), count >= 0 {
      self = .records(count)
    } else {
      throw Failure(
        .usage, "--max-rejects '\(text)' is neither a number nor a percentage", hint: "for instance 100 or 1%")
    }
  }

  /// Reads the limit from the option, or else from `MAX_REJECTS`, or else takes the default of 1 %.
  public static func resolve(_ option: String?) throws(Failure) -> RejectBudget {
    guard let text = option ?? Environment.value("MAX_REJECTS") else { return standard }
    return try RejectBudget(text)
  }

  public func isExceeded(by totals: Totals) -> Bool {
    switch self {
    case .records(let most): totals.failed > most
    case .percent(let most): Double(totals.failed) * 100 > most * Double(totals.total)
    }
  }

  public var description: String {
    switch self {
    case .records(let most): "\(most)"
    case .percent(let most): most == most.rounded() ? "\(Int(most))%" : "\(most)%"
    }
  }

  /// Returns the reasons to refuse a snapshot because of its rejected records; empty if there are none.
  public func refusals(of totals: Totals, _ notes: Notes) -> [String] {
    var refusals: [String] = []
    if isExceeded(by: totals) {
      refusals.append("\(totals.failed) of \(totals.total) records are rejected, more than --max-rejects \(self)")
    }
    if notes.endsInRecord == true {
      refusals.append("the source ends in the middle of its last record, so it may have been cut")
    }
    return refusals
  }

  /// Refuses a snapshot without a single accepted record. `--accept` does not override this.
  ///
  /// - Throws: category `data`.
  public static func requireAccepted(_ totals: Totals, of folder: SnapshotFolder) throws(Failure) {
    guard totals.processed == 0 else { return }
    throw Failure(
      .data,
      "snapshot \(folder.id) is refused: "
        + (totals.total == 0
          ? "no record follows its header (lines must end with LF or CRLF; CR alone does not end a line)"
          : "not one of its \(totals.total) records is accepted"),
      hints: [
        "check the source, and list the rejected records: \(command: .findings, snapshot: folder.id)",
        "--accept does not help; the registry stays as it is",
      ])
  }
}

/// The refusal of a snapshot by the acceptance checks.
public struct Refusal: Error, Sendable, Equatable {
  public let snapshot: SnapshotID
  /// The reasons, each with its numbers.
  public let reasons: [String]
  /// Whether the snapshot is whole: neither a sample nor limited.
  public let isWhole: Bool

  public init(snapshot: SnapshotID, reasons: [String], isWhole: Bool = true) {
    self.snapshot = snapshot
    self.reasons = reasons
    self.isWhole = isWhole
  }

  public var failure: Failure {
    Failure(
      .data, "snapshot \(snapshot) is refused: \(reasons.joined(separator: "; "))",
      hints: [
        "list its rejected records: \(command: .findings, snapshot: snapshot); the registry stays as it is",
        // --accept would mix a sample into the whole registry, so the hint does not name it.
        isWhole
          ? "if the snapshot is correct, publish it anyway: \(command: .load, snapshot: snapshot, "--accept 'REASON'")"
          : "load it into another database, or another schema of this one (options=-csearch_path%3DSCHEMA in DATABASE_URL)",
      ])
  }
}

extension Totals {
  public init(_ tally: Tally) {
    self.init(
      total: tally.records, processed: tally.accepted, failed: tally.rejected, duplicated: tally.duplicates,
      blank: tally.blank)
  }
}
