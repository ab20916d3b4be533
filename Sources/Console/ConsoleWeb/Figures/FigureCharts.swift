import Charts
import ConsoleQueries

/// Creates the charts of the figures page.
struct FigureCharts {
  let text: RunText

  func registry(_ days: [Figures.Day]) -> [String: Any] {
    columns(
      "registry", category: "figure_day", labels: days.map(\.date),
      [Series(text("figure_businesses"), counts: days.map(\.registrations))], style: .line,
      links: days.map { Self.changes(of: $0.date) })
  }

  func changes(_ days: [Figures.Day]) -> [String: Any] {
    let known = days.filter { $0.changes != nil }
    let changes = known.compactMap(\.changes)
    return columns(
      "changes", category: "figure_day", labels: known.map(\.date),
      [
        Series(text("run_kind_added"), counts: changes.map(\.added), meaning: .added),
        Series(text("run_kind_changed"), counts: changes.map(\.changed), meaning: .changed),
        Series(text("run_kind_removed"), counts: changes.map(\.removed), meaning: .removed),
        Series(text("run_kind_reappeared"), counts: changes.map(\.reappeared), meaning: .reappeared),
      ], links: known.map { Self.changes(of: $0.date) })
  }

  /// The page of a day's changes.
  private static func changes(of day: String) -> String {
    QueryFields.path("/changes", [("since", day), ("until", day)])
  }

  /// Charts the findings: all of them from the summary, or without a summary those in the database, which has at most a
  /// hundred of each severity per batch.
  func rejections(_ summary: RunSummary?, _ kept: [Findings.Count]) -> [[String: Any]] {
    let counts = FindingCounts(
      summary?.findings ?? Dictionary(kept.map { ($0.code, $0.count) }, uniquingKeysWith: +))
    func picture(_ id: String, _ counts: [FindingCounts.Count]) -> [String: Any] {
      bars(
        id, category: "finding_code", measure: "figure_records", empty: "figure_\(id)_empty",
        labelsAbove: true, counts.map { BarChart.Entry(text.named("finding_code_", $0.code), count: $0.count) })
    }
    return [picture("rejections", counts.rejections), picture("warnings", counts.warnings)]
  }

  func durations(_ runs: [PipelineRun]) -> [String: Any] {
    let durations = runs.compactMap { run in run.summary.flatMap { StageDurations($0) }.map { (run, $0) } }
    func series(_ stage: String, _ seconds: (StageDurations) -> Double?) -> Series {
      Series(text("kind_" + stage), values: durations.map { seconds($0.1) ?? .nan })
    }
    return columns(
      "durations", category: "figure_run",
      labels: durations.map { String(TaipeiTime.text($0.0.startedAt).dropFirst(5).prefix(11)) },
      [series("fetch", \.fetch), series("transform", \.transform), series("load", \.load)],
      unit: text("figure_seconds"), links: durations.map { $0.0.path ?? "/runs" })
  }

  func cities(_ groups: [Figures.Group]) -> [String: Any] {
    bars("cities", category: "figure_city", measure: "figure_businesses", entries(groups))
  }

  func types(_ groups: [Figures.Group]) -> [String: Any] {
    bars("types", category: "figure_type", measure: "figure_businesses", labelsAbove: true, entries(groups))
  }

  func months(_ months: [Figures.Month]) -> [String: Any] {
    columns(
      "months", category: "figure_month", labels: months.map(\.month),
      [Series(text("figure_businesses"), counts: months.map(\.count))])
  }

  private func entries(_ groups: [Figures.Group]) -> [BarChart.Entry] {
    groups.map { BarChart.Entry($0.name.map(EscapedText.namingBidirectional) ?? text("figure_none"), count: $0.count) }
  }

  private func columns(
    _ id: String, category: String, labels: [String], _ series: [Series], unit: String? = nil,
    style: ColumnChart.Style = .columns, links: [String] = []
  ) -> [String: Any] {
    let chart = ColumnChart(
      id: "figure-" + id, title: text("figure_\(id)"), description: text("figure_\(id)_hint"), category: text(category),
      labels: labels, series: series, unit: unit, style: style, links: links, emptyText: text("figure_empty"))
    return picture(id, chart.svg, chart.table)
  }

  private func bars(
    _ id: String, category: String, measure: String, empty: String = "figure_empty", labelsAbove: Bool = false,
    _ entries: [BarChart.Entry]
  ) -> [String: Any] {
    let chart = BarChart(
      id: "figure-" + id, title: text("figure_\(id)"), description: text("figure_\(id)_hint"), category: text(category),
      measure: text(measure), entries: entries, labelsAbove: labelsAbove, emptyText: text(empty))
    return picture(id, chart.svg, chart.table)
  }

  private func picture(_ id: String, _ svg: String, _ table: ChartTable) -> [String: Any] {
    [
      "title": text("figure_\(id)"), "hint": text("figure_\(id)_hint"), "svg": svg, "has_table": !table.rows.isEmpty,
      "header": table.header.enumerated().map { ["name": $1, "is_number": $0 > 0] as [String: Any] },
      "table_rows": table.rows.map { row in
        ["label": row.first ?? "", "cells": Array(row.dropFirst())] as [String: Any]
      },
    ]
  }
}
