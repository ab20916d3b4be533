import ConsoleQueries

/// The filter of the list of runs. Unknown values match nothing.
struct RunFilter {
  let outcome: String?
  let kind: String?
  let origin: String?

  private static let kinds = ["run", "dry-run", "fetch", "transform", "load", "rollback", "replay", "withdraw"]
  private static let origins = ["console", "schedule", "shell"]

  init(_ fields: [String: String]) {
    func value(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
    (outcome, kind, origin) = (value("state"), value("kind"), value("by"))
  }

  var isEmpty: Bool { outcome == nil && kind == nil && origin == nil }

  var parameters: [(name: String, value: String)] {
    [("state", outcome), ("kind", kind), ("by", origin)].compactMap { name, value in value.map { (name, $0) } }
  }

  func matches(_ run: PipelineRun) -> Bool {
    (outcome.map { $0 == run.outcome.rawValue } ?? true) && (kind.map { $0 == run.command } ?? true)
      && (origin.map { $0 == run.origin } ?? true)
  }

  /// Returns the choices of the form.
  func form(_ text: RunText) -> [String: Any?] {
    func options(_ values: [String], _ chosen: String?, _ label: (String) -> String) -> [[String: Any]] {
      values.map { ["value": $0, "label": label($0), "is_chosen": $0 == chosen] }
    }
    return [
      "states": options(PipelineRun.Outcome.allCases.map(\.rawValue), outcome) { text("run_outcome_" + $0) },
      "run_kinds": options(Self.kinds, kind, text.kind),
      "origins": options(Self.origins, origin) { text("run_origin_" + $0) },
    ]
  }
}

extension PipelineRun {
  /// Who started it: `console`, `schedule` or `shell`; nil if only the database knows the run.
  fileprivate var origin: String? {
    summary?.origin ?? task.map { $0.scheduleID == nil ? "console" : "schedule" }
  }
}
