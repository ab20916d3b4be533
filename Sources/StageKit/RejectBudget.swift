import Failures
import Spool

/// How many rejected records are too many: a number, or a share of all records.
public enum RejectBudget: Sendable, Equatable, CustomStringConvertible {
  case records(Int)
  /// In percent.
  case percent(Double)

  public static let standard = RejectBudget.percent(1)

  /// - Parameter text: `100` or `1%`.
  public init(_ text: String) throws(Failure) {
    if text.hasSuffix("%"), let percent = Double(text.dropLast()), percent >= 0, percent <= 100 {
      self = .percent(percent)
    } else if let count = Int(text), count >= 0 {
      self = .records(count)
    } else {
      throw Failure(
        .usage, "--max-rejects '\(text)' is neither a number of records nor a share", hint: "for instance 100 or 1%")
    }
  }

  /// From the option, `MAX_REJECTS`, or else the default of 1 %.
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

  /// - Throws: verdict `data` where nothing may be published: no record was accepted, or too many were rejected.
  public func judge(_ totals: Totals, of folder: SnapshotFolder) throws(Failure) {
    guard totals.processed > 0 else {
      throw Failure(
        .data, "snapshot \(folder.id) is refused: not one of its \(totals.total) records is accepted",
        hint: "look at \(folder.transformFolder)/*.findings.jsonl; the registry stays as it is")
    }
    guard isExceeded(by: totals) else { return }
    throw Failure(
      .data,
      "snapshot \(folder.id) is refused: \(totals.failed) of \(totals.total) records are rejected, more than --max-rejects \(self)",
      hints: [
        "look at the findings: jq -r 'select(.severity==\"error\") | [.code, .line, .message] | @tsv' \(folder.transformFolder)/*.findings.jsonl",
        "if they are acceptable, run again with a higher --max-rejects; the registry stays as it is",
      ])
  }
}
