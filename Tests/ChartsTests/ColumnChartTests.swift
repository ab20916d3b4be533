import Charts
import Foundation
import SeededRandom
import Testing

@Suite struct ColumnChartTests {
  private func chart(_ labels: [String], _ series: [Series], unit: String? = nil) -> ColumnChart {
    ColumnChart(
      id: "rows", title: "Rows", description: "Rows a day", category: "Day", labels: labels, series: series,
      unit: unit, emptyText: "no run yet")
  }

  private func days(_ count: Int) -> [String] { (0..<count).map { "2026-\($0 / 28 + 10)-\($0 % 28 + 10)" } }

  @Test(arguments: [
    ([0, 0, 0], [0, 1]), ([1], [0, 1]), ([3, 2], [0, 1, 2, 3]), ([4], [0, 1, 2, 3, 4]), ([5], [0, 2, 4, 6]),
    ([1_654_321], [0, 500_000, 1_000_000, 1_500_000, 2_000_000]), ([100], [0, 50, 100]), ([81], [0, 50, 100]),
  ])
  func countsHaveWholeTicks(_ counts: [Int], _ expected: [Double]) throws {
    let picture = try Picture(chart(days(counts.count), [Series("rows", counts: counts)]).svg)
    #expect(try picture.ticks().map(\.value) == expected)
  }

  @Test func secondsHaveTheirUnit() throws {
    let chart = chart(["a", "b"], [Series("load", values: [0.3, 0.25])], unit: "s")
    let picture = try Picture(chart.svg)
    #expect(picture.texts(anchored: "end").map(\.text) == ["0 s", "0.1 s", "0.2 s", "0.3 s"])
    #expect(picture.shown == ["a: 0.3 s", "b: 0.25 s"])
    #expect(
      chart.table.header == ["Day", "load (s)"] && chart.table.rows == [["a", "0.3"], ["b", "0.25"]])
  }

  @Test(arguments: [Double.leastNonzeroMagnitude, 1e-12, 1e-9, 1e-8])
  func theFinestTicksArePlainDigits(_ value: Double) throws {
    let picture = try Picture(chart(["a"], [Series("load", values: [value])], unit: "s").svg)
    #expect(picture.texts(anchored: "end").map(\.text) == ["0 s", "0.000000005 s", "0.00000001 s"])
  }

  @Test func zerosAndGapsHaveTextsButNoMarks() throws {
    let picture = try Picture(chart(["a", "b", "c"], [Series("rows", values: [0, .nan])]).svg)
    #expect(picture.marks.isEmpty)
    #expect(picture.shown == ["a: 0", "b: –", "c: –"])
  }

  @Test(arguments: [
    ([String](), [Series("rows", counts: [])]), (["a"], []), (["a"], [Series("rows", values: [.nan])]),
  ])
  func aChartWithoutValuesShowsItsEmptyText(_ labels: [String], _ series: [Series]) throws {
    let picture = try Picture(chart(labels, series).svg)
    try checkInvariants(picture, id: "rows", title: "Rows", description: "Rows a day")
    #expect(picture.root.all.filter { $0.name == "text" }.map(\.text) == ["no run yet"])
    #expect(picture.root.all.allSatisfy { !["rect", "line"].contains($0.name) })
  }

  /// Three changes stay visible next to an initial load of a million rows.
  @Test func tinyValuesAreVisible() throws {
    let picture = try Picture(chart(["a", "b"], [Series("rows", counts: [1_654_321, 3])]).svg)
    #expect(try picture.marks.joined().map { try $0.rectangle().height } == [124.07, 1])
  }

  @Test(arguments: [1, 2, 5, 12, 14, 30, 90, 365, 2000])
  func crowdedLabelsAreThinnedEvenly(_ count: Int) throws {
    let month = ["2026-01", "民國一一五年一月"]
    for labels in [days(count), month.flatMap { Array(repeating: $0, count: count) }] {
      let series = Series("rows", counts: Array(repeating: 7, count: labels.count))
      let picture = try Picture(chart(labels, [series]).svg)
      try checkInvariants(picture, id: "rows", title: "Rows", description: "Rows a day")
      let group = try #require(picture.groups("chart-label").first { $0.attributes["text-anchor"] == "middle" })
      let shown = group.children
      #expect(shown.last?.text == labels.last)
      let every = (1...labels.count).first { every in
        let kept = stride(from: labels.count - 1, through: 0, by: -every).reversed().map { labels[$0] }
        return kept == shown.map(\.text)
      }
      #expect(every != nil)
      let places = try shown.map { try extent($0, group) }
      for (one, next) in zip(places, places.dropFirst()) { #expect(one.maxX + 3 < next.minX) }
      #expect(shown.count >= min(labels.count, 2), "there was room for more")
    }
  }

  @Test func theLegendNamesTheColours() throws {
    let names = ["inserted", "updated", "遷入", "deleted", "restored", "corrected", "seventh", "a & b"]
    let series = names.map { Series($0, counts: [1, 2]) }
    let picture = try Picture(chart(["a", "b"], series).svg)
    let legend = try #require(picture.groups("chart-label").first)
    #expect(legend.children.filter { $0.name == "text" }.map(\.text) == names)
    let colours = legend.children.filter { $0.name == "g" }.map { $0.attributes["class"] }
    #expect(colours == [1, 2, 3, 4, 5, 6, 1, 2].map { "series-\($0)" })
    #expect(picture.groups("chart-bar").map { $0.classes.last.map(String.init) } == colours)
    #expect(picture.shown.first == "a\n" + names.map { "\($0): 1" }.joined(separator: "\n"))
    let places = try legend.children.filter { $0.name == "text" }.map { try extent($0, legend) }
    for (index, place) in places.enumerated() {
      #expect(places[(index + 1)...].allSatisfy { !$0.intersects(place) })
    }
    #expect(try Picture(chart(["a"], [Series("one", counts: [1])]).svg).groups("series-1").count == 1)
  }

  @Test func aLineShowsSmallDifferences() throws {
    for _ in 0..<50 {
      var dice = SeededRandom()
      let seed = dice.seed
      let start = Int.random(in: 0...2_000_000, using: &dice)
      let values = (0..<Int.random(in: 1...90, using: &dice)).map { _ in
        start + Int.random(in: 0...dice.pick([1, 50, 9_614]), using: &dice)
      }
      let labels = days(values.count)
      let chart = ColumnChart(
        id: "rows", title: "Rows", description: "Rows a day", category: "Day", labels: labels,
        series: [Series("rows", counts: values)], style: .line,
        links: labels.map { "/changes?since=\($0)&until=\($0)" },
        emptyText: "none")
      let picture = try Picture(chart.svg)
      try checkInvariants(picture, id: "rows", title: "Rows", description: "Rows a day", seed: seed)
      let ticks = try picture.ticks()
      let (bottom, top) = (try #require(ticks.first), try #require(ticks.last))
      let (least, most) = (Double(values.min() ?? 0), Double(values.max() ?? 0))
      #expect(bottom.value <= least && most <= top.value, "seed \(seed)")
      // The values take a good part of the height.
      if most > least { #expect((most - least) / (top.value - bottom.value) > 0.3, "seed \(seed) \(values)") }
      let marks = try #require(picture.marks.first)
      #expect(marks.count == values.count, "seed \(seed)")
      for (mark, value) in zip(marks, values) {
        let exact = bottom.y - (Double(value) - bottom.value) / (top.value - bottom.value) * (bottom.y - top.y)
        #expect(abs(try mark.rectangle().midY - exact) < 0.05, "seed \(seed)")
      }
      #expect(picture.shown.count == labels.count, "seed \(seed)")
      for (text, label) in zip(picture.shown, labels) { #expect(text.hasPrefix(label + ": "), "seed \(seed)") }
      let links = picture.root.all.filter { $0.name == "a" }
      #expect(links.map { $0.attributes["href"] } == labels.map { "/changes?since=\($0)&until=\($0)" })
      #expect(links.allSatisfy { $0.attributes["aria-label"]?.isEmpty == false })
    }
  }

  @Test func aColourCanHaveAMeaning() throws {
    let series = [Series("new", counts: [1], meaning: .added), Series("gone", counts: [1], meaning: .removed)]
    let picture = try Picture(chart(["a"], series).svg)
    #expect(picture.groups("chart-bar").map { $0.classes.last } == ["chart-added", "chart-removed"])
    #expect(picture.groups("chart-added").count == 2, "also in the legend")
  }
}
