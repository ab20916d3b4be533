import ConsoleQueries

/// The values of the findings page.
struct FindingPage {
  let text: RunText
  let request: FindingRequest
  let found: FindingRoutes.Found

  init(text: RunText, _ request: FindingRequest, _ found: FindingRoutes.Found) {
    self.text = text
    self.request = request
    self.found = found
    shown = request.path("/findings") { $0.run = found.run?.id }
  }

  private let shown: String
  /// Whether the batches are offered as a list, which would be too long for more.
  private var hasBatchList: Bool { found.batches.count <= 200 }

  var values: [String: Any?] {
    let rows = found.page?.findings.map(row) ?? []
    let total = shownCounts.map(\.count).reduce(0, +)
    return [
      "run": found.run.map { RunValues(text: text).row(PipelineRun(jobRun: $0)) }, "rows": rows,
      "runs": runs, "has_runs": !runs.isEmpty, "ban": request.ban, "problem": problem,
      "has_rows": !rows.isEmpty, "findings_none": none,
      "next_path": found.page?.next.map { next in
        request.path("/findings") {
          $0.run = found.run?.id
          $0.behind = next
        }
      },
      "first_path": request.behind == nil ? nil : shown,
      "csv_path": rows.isEmpty ? nil : request.path("/findings.csv") { $0.run = found.run?.id },
      "by_code": text("finding_by_code", text.count(total)), "has_any": total > 0,
      "error_parts": errorParts,
      "is_capped": found.batches.contains(where: \.isCapped),
      "codes": codes, "severities": severities, "batches": hasBatchList ? batches : [],
      "has_batches": !found.batches.isEmpty, "has_batch_list": hasBatchList, "batch_chosen": request.filter.batch,
      "counts": counts, "nav_findings": true,
    ]
  }

  /// What is wrong with the request.
  private var problem: String? {
    if request.hasInvalidBAN { return text("reg_problem_ban") }
    return found.run == nil ? request.run.map { text("finding_no_run", "\($0)") } : nil
  }

  /// Says that there are no findings.
  private var none: String? {
    guard problem == nil, found.page?.findings.isEmpty ?? true else { return nil }
    guard let run = found.run else { return text("run_none") }
    return found.counts.isEmpty ? text.noFindings(of: run) : text("finding_none_found")
  }

  /// The counts of the severity that was asked for.
  private var shownCounts: [Findings.Count] {
    found.counts.filter { request.filter.severity == nil || request.filter.severity == $0.severity }
  }

  /// What the errors consist of: the run's pages count duplicates apart.
  private var errorParts: String? {
    guard request.filter.severity == "error", let counts = found.run?.counts, counts.duplicated > 0 else { return nil }
    return text(
      "finding_error_parts", text.count(counts.failed + counts.duplicated), text.count(counts.failed),
      text.count(counts.duplicated))
  }

  private func row(_ finding: StoredFinding) -> [String: Any] {
    let visible = EscapedText(finding.raw)
    let start = EscapedText(finding.raw, bytesMax: 500)
    let values: [String: Any?] = [
      "batch": finding.batch,
      "severity_class": finding.severity == "error" ? "failed" : "partial",
      "severity_text": text("finding_" + finding.severity), "code_parts": finding.code.codeParts,
      "meaning": text.meaning(of: finding),
      "record": text("finding_record", text.count(finding.record)),
      "line": text("finding_line", text.count(finding.line)), "byte_offset": text.count(finding.byteOffset),
      "column": finding.column,
      "start": start.parts.map(part), "has_rest": start.bytesLeftOut > visible.bytesLeftOut,
      "parts": visible.parts.map(part),
      "has_raw": !finding.raw.isEmpty,
      "left_out": leftOut(visible, of: finding), "dump": HexDump(finding.raw).map(dump),
    ]
    return values.present
  }

  /// Says how much of a long record is shown.
  private func leftOut(_ visible: EscapedText, of finding: StoredFinding) -> String? {
    let shown = "\(EscapedText.bytesMax >> 10)"
    if finding.isTruncated { return text("finding_truncated", shown) }
    return visible.bytesLeftOut > 0 ? text("finding_left_out", shown, text.count(visible.bytesLeftOut)) : nil
  }

  private func part(_ part: EscapedText.Part) -> [String: Any] { ["text": part.text, "is_stand_in": part.isStandIn] }

  private func dump(_ dump: HexDump) -> [String: Any] {
    [
      "dump_title": text("finding_dump", text.count(dump.firstInvalid)),
      "dump_rows": dump.rows.map { "\($0.offset)  \(Self.padded($0.hex, 47))  \($0.ascii)" }.joined(separator: "\n"),
      "before": dump.bytesBefore, "behind": dump.bytesBehind,
      "is_part": dump.bytesBefore > 0 || dump.bytesBehind > 0,
    ]
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
  }

  private func option(_ value: String, _ label: String, _ chosen: String?) -> [String: Any] {
    ["value": value, "label": label, "is_chosen": value == chosen]
  }

  private var codes: [[String: Any]] {
    found.counts.map {
      option(
        $0.code, text("finding_code_option", $0.code, text.named("finding_code_", $0.code), text.count($0.count)),
        request.filter.code)
    }
  }

  private var severities: [[String: Any]] {
    ["error", "warning"].map { option($0, text("finding_" + $0), request.filter.severity) }
  }

  /// The runs that have findings, and the run that is shown.
  private var runs: [[String: Any]] {
    var runs = found.runs
    if let run = found.run, !runs.contains(where: { $0.id == run.id }) { runs.insert(run, at: 0) }
    return runs.map { run in
      let day = run.sourceDate ?? String(TaipeiTime.text(run.startedAt).prefix(10))
      return option("\(run.id)", text("finding_run_option", "\(run.id)", day), found.run.map { "\($0.id)" })
    }
  }

  private var batches: [[String: Any]] {
    found.batches.map {
      option(
        "\($0.batch)", text("finding_batch_counts", "\($0.batch)", text.count($0.errors), text.count($0.warnings)),
        request.filter.batch.map(String.init))
    }
  }

  private var counts: [[String: Any]] {
    shownCounts.map { count in
      [
        "code_parts": count.code.codeParts, "meaning": text.named("finding_code_", count.code),
        "count": text.count(count.count),
        "severity_text": text("finding_" + count.severity),
        "severity_class": count.severity == "error" ? "failed" : "partial",
        "path": request.path("/findings") {
          $0.run = found.run?.id
          $0.filter = FindingFilter(code: count.code)
        },
      ]
    }
  }
}

extension RunText {
  /// Says what is wrong with a record.
  func meaning(of finding: StoredFinding) -> String {
    if let column = finding.column, let max = finding.lengthMax {
      return self("finding_too_long", column, count(max))
    }
    return named("finding_code_", finding.code)
  }
}

extension String {
  /// The parts of a finding's code such as `INVALID_BAN`, between which a page may break it.
  var codeParts: [String] { split(separator: "_").map(String.init) }
}
