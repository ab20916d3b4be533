import Charts
import Foundation
import SeededRandom
import Testing

@Suite struct BarChartTests {
  private func chart(_ entries: [BarChart.Entry], unit: String? = nil, title: String = "Cities") -> BarChart {
    BarChart(
      id: "b", title: title, description: "by city", category: "City", measure: "Businesses", entries: entries,
      unit: unit, emptyText: "none")
  }

  /// For any input, bar lengths are proportional to the values, and each bar is between its label and its figure.
  @Test func anyValuesGiveAnAccurateChart() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("bars: seed \(seed)")
    var dice = SeededRandom(seed: seed)
    for _ in 0..<200 {
      let wild = Bool.random(using: &dice)
      let entries = (0..<dice.pick([1, 2, 9, 30])).map { _ in
        BarChart.Entry(dice.text(), wild ? dice.value() : dice.usual())
      }
      let unit = dice.pick([nil, "s"])
      let title = dice.text()
      let chart = chart(entries, unit: unit, title: title)
      let picture = try Picture(chart.svg)
      try checkInvariants(picture, id: "b", title: title, description: "by city", seed: seed)
      try checkBars(picture, chart.table, entries, unit, seed)
    }
  }

  private func checkBars(
    _ picture: Picture, _ table: ChartTable, _ entries: [BarChart.Entry], _ unit: String?, _ seed: UInt64
  ) throws {
    #expect(table.header == ["City", unit == nil ? "Businesses" : "Businesses (s)"])
    let drawn = entries.map { $0.value.isFinite ? min(max($0.value, 0), 1e12) : 0 }
    let largest = drawn.max() ?? 0
    let longest = try picture.marks.joined().map { try $0.rectangle().width }.max() ?? 0
    #expect(largest == 0 || longest > 80, "seed \(seed)")
    var marks = Array(picture.marks.joined())[...]
    let (labels, figures) = (picture.texts(anchored: "end"), picture.texts(anchored: nil))
    try #require([labels.count, figures.count, picture.targets.count] == Array(repeating: entries.count, count: 3))
    let axis = try #require(picture.groups("chart-axis").first?.children.first).number("x1")
    for (index, entry) in entries.enumerated() {
      let cell = table.rows[index][1]
      #expect(same(table.rows[index][0], entry.label), "seed \(seed)")
      try checkFigure(cell, entry.value, seed: seed)
      let figure = cell + (unit == nil || cell == "–" ? "" : " s")
      let target = picture.targets[index]
      #expect(same(target.title, readable("\(entry.label): \(figure)")), "seed \(seed)")
      #expect((figures[index].title ?? figures[index].text) == figure, "seed \(seed)")
      #expect(same(labels[index].title ?? labels[index].text, readable(entry.label)), "seed \(seed)")
      #expect(try labels[index].number("x") < axis, "seed \(seed)")
      var end = axis
      if drawn[index] > 0 {
        let first = marks.popFirst()
        let mark = try #require(first, "seed \(seed)")
        let box = try mark.rectangle()
        #expect(abs(box.width - max(drawn[index] / largest * longest, 1)) < 0.02, "seed \(seed)")
        let area = try target.rectangle()
        #expect(abs(box.minX - axis) < 0.02 && area.holds(box), "seed \(seed)")
        #expect(same(mark.title, target.title ?? ""), "seed \(seed)")
        end = box.maxX
      }
      #expect(try figures[index].number("x") > end, "seed \(seed)")
    }
    #expect(marks.isEmpty, "seed \(seed)")
  }

  @Test(arguments: [
    (0.0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (1_654_321, "1,654,321"), (-1234, "-1,234"),
    (12.3456, "12.346"), (1234.5, "1,234.5"), (999.9996, "1,000"), (0.5, "0.5"), (0.0004, "0.0004"),
    (0.000123456, "0.000123"), (1.001, "1.001"), (999_999_999_999_999, "999,999,999,999,999"),
    (9_007_199_254_740_991, "9,007,199,254,740,991"), (1e17, "1e+17"),
    (1e-12, "1e-12"), (.nan, "–"), (.infinity, "–"),
  ])
  func figuresAreRoundedAndGroupedByThousands(_ value: Double, _ text: String) {
    #expect(chart([BarChart.Entry("a", value)]).table.rows == [["a", text]])
  }

  /// A long label is cut by width, at half as many letters if they are wide. Its title has the complete text.
  @Test(arguments: ["a", "臺", "𠮷", "公", "ソ", "한", "（"])
  func longLabelsAreCut(_ letter: String) throws {
    let long = String(repeating: letter, count: 500)
    let picture = try Picture(chart([BarChart.Entry(long, count: 5), BarChart.Entry("b", count: 3)]).svg)
    try checkInvariants(picture, id: "b", title: "Cities", description: "by city")
    let label = try #require(picture.texts(anchored: "end").first)
    #expect(label.text == String(repeating: letter, count: letter == "a" ? 15 : 7) + "…")
    #expect(label.title == long)
    #expect(picture.texts(anchored: "end").last?.title == nil)
  }

  /// A label that just fits is not cut: an ellipsis would not be shorter.
  @Test func labelsThatFitAreNotCut() throws {
    let fitting = String(repeating: "臺", count: 8)
    let picture = try Picture(chart([BarChart.Entry(fitting, count: 5)]).svg)
    #expect(picture.texts(anchored: "end").map(\.text) == [fitting])
  }

  @Test func aChartWithoutEntriesShowsItsEmptyText() throws {
    let picture = try Picture(chart([]).svg)
    try checkInvariants(picture, id: "b", title: "Cities", description: "by city")
    #expect(picture.root.all.filter { $0.name == "text" }.map(\.text) == ["none"])
    #expect(chart([]).table.rows.isEmpty && chart([]).table.header == ["City", "Businesses"])
  }

  @Test func zerosHaveNoBar() throws {
    let picture = try Picture(chart([BarChart.Entry("a", count: 0), BarChart.Entry("b", count: 0)]).svg)
    #expect(picture.marks.isEmpty && picture.targets.map(\.title) == ["a: 0", "b: 0"])
  }
}
