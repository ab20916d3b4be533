import Charts
import Foundation
import SeededRandom
import Testing

@Suite struct ColumnChartFuzzTests {
  /// For any input, the chart is well-formed, inside its frame and accurate, and the table has the same values.
  @Test func anyValuesGiveAnAccurateChart() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("columns: seed \(seed)")
    var dice = SeededRandom(seed: seed)
    for _ in 0..<150 {
      let labels = (0..<dice.pick([0, 1, 2, 7, 30, 90])).map { _ in dice.text() }
      let wild = Bool.random(using: &dice)
      let series = (0..<Int.random(in: 0...8, using: &dice)).map { _ in
        let values = (0..<max(0, labels.count + Int.random(in: -1...1, using: &dice))).map { _ in
          wild ? dice.value() : dice.usual()
        }
        return Series(dice.text(), values: values)
      }
      let unit = dice.pick([nil, "s"])
      let (title, description) = (dice.text(), dice.text())
      let chart = ColumnChart(
        id: "a1", title: title, description: description, category: "Day", labels: labels, series: series, unit: unit,
        emptyText: dice.text())
      let picture = try Picture(chart.svg)
      try checkInvariants(picture, id: "a1", title: title, description: description, seed: seed)
      try checkTable(chart.table, labels, series, unit, seed)
      try checkColumns(picture, chart.table, labels, series, unit, seed)
    }
  }

  private func checkTable(
    _ table: ChartTable, _ labels: [String], _ series: [Series], _ unit: String?, _ seed: UInt64
  ) throws {
    #expect(table.header == ["Day"] + series.map { unit == nil ? $0.name : "\($0.name) (s)" }, "seed \(seed)")
    #expect(table.rows.map(\.first) == labels, "seed \(seed)")
    for (index, row) in table.rows.enumerated() {
      try #require(row.count == series.count + 1)
      for (cell, one) in zip(row.dropFirst(), series) {
        try checkFigure(cell, index < one.values.count ? one.values[index] : .nan, seed: seed)
      }
    }
  }

  private func checkColumns(
    _ picture: Picture, _ table: ChartTable, _ labels: [String], _ series: [Series], _ unit: String?, _ seed: UInt64
  ) throws {
    let values = labels.indices.map { index in
      series.map { index < $0.values.count ? $0.values[index] : .nan }
    }
    guard values.joined().contains(where: \.isFinite) else {
      #expect(picture.marks.isEmpty && picture.targets.isEmpty, "seed \(seed)")
      return
    }
    let drawn = values.map { $0.map { $0.isFinite ? min(max($0, 0), 1e12) : 0 } }
    let ticks = try picture.ticks(unit: unit)
    try checkTicks(ticks, maximum: drawn.map { $0.reduce(0, +) }.max() ?? 0, seed)
    let (top, floor) = try (#require(ticks.last), #require(ticks.first))
    let scale = (floor.y - top.y) / top.value
    let (targets, texts) = (picture.targets, picture.shown)
    try #require(targets.count == labels.count, "seed \(seed)")

    var marks = picture.marks.map { $0[...] }
    let shown = series.indices.filter { number in drawn.contains { $0[number] > 0 } }
    try #require(marks.count == shown.count, "seed \(seed)")
    #expect(picture.groups("chart-bar").map { $0.classes.last } == shown.map { "series-\($0 % 6 + 1)" })
    for index in labels.indices {
      var (bottom, lifted) = (floor.y, 0.0)
      for (place, number) in shown.enumerated() where drawn[index][number] > 0 {
        let first = marks[place].popFirst()
        let mark = try #require(first, "seed \(seed)")
        let box = try mark.rectangle()
        let exact = drawn[index][number] * scale
        lifted += max(0, 1 - exact)
        #expect(abs(box.maxY - bottom) < 0.03, "seed \(seed)")
        #expect(abs(box.height - max(exact, 1)) < 0.02 + (bottom - top.y < exact + lifted ? lifted : 0), "seed \(seed)")
        let area = try targets[index].rectangle()
        #expect(area.holds(box), "seed \(seed)")
        bottom = box.minY
      }
      let figures = table.rows[index].dropFirst().map { $0 + (unit == nil || $0 == "–" ? "" : " s") }
      let lines =
        series.count == 1
        ? figures.map { "\(labels[index]): \($0)" }
        : [labels[index]] + zip(series, figures).map { "\($0.name): \($1)" }
      #expect(same(texts[index], lines.map(readable).joined(separator: "\n")), "seed \(seed)")
      let total = drawn[index].reduce(0, +) * scale
      #expect(abs(floor.y - bottom - total) < 0.2 + lifted, "seed \(seed)")
    }
    #expect(marks.joined().isEmpty, "seed \(seed)")
  }

  /// Checks that the ticks start at zero, have even steps of 1, 2 or 5 times a power of ten, are evenly spaced on the
  /// axis and end just past the maximum.
  private func checkTicks(_ ticks: [(value: Double, y: Double)], maximum: Double, _ seed: UInt64) throws {
    try #require((2...6).contains(ticks.count), "seed \(seed)")
    let (step, distance) = (ticks[1].value, ticks[0].y - ticks[1].y)
    let digits = Set(String(format: "%.6e", step).prefix { $0 != "e" })
    #expect(
      digits.subtracting([".", "0"]).isSubset(of: ["1", "2", "5"]) && digits.count == 3, "seed \(seed): \(step)")
    for (index, tick) in ticks.enumerated() {
      #expect(abs(tick.value - Double(index) * step) <= step * 1e-6, "seed \(seed)")
      #expect(abs(ticks[0].y - Double(index) * distance - tick.y) < 0.06, "seed \(seed)")
    }
    let last = ticks[ticks.count - 1].value
    #expect(last >= maximum * (1 - 1e-12), "seed \(seed): \(maximum)")
    if maximum > 1e-8 { #expect(ticks.count == 2 || last - step < maximum, "seed \(seed): \(maximum)") }
  }
}
