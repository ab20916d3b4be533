/// The layout of a column chart.
struct ColumnPlot {
  private let top: Double
  private let left: Double
  private let scale: Scale
  private let ticks: [String]
  private let labels: [String]

  private static let depth = 150.0
  private static let gap = 6.0
  private static let boxLine = 15.0

  init(top: Double, scale: Scale, ticks: [String], labels: [String]) {
    self.top = top
    self.scale = scale
    self.ticks = ticks
    self.labels = labels
    left = min(ticks.map(LabelWidth.of).max() ?? 0, SVG.width * 0.48) + Self.gap
  }

  var height: Double { bottom + 22 }
  private var bottom: Double { top + Self.depth }
  private var band: Double { (SVG.width - left) / Double(labels.count) }

  private func middle(_ index: Int) -> Double { left + (Double(index) + 0.5) * band }

  /// The grid lines with their numbers, and the base line of the columns.
  var axis: String {
    let heights = scale.ticks.map { bottom - scale.share($0) * Self.depth }
    let numbers = zip(ticks, heights).map { text, y in
      SVG.text(text, x: left - Self.gap, y: y, room: left - Self.gap)
    }
    let lines = heights.map { SVG.line(from: (left, $0), to: (SVG.width, $0)) }
    return SVG.group(["class": "chart-grid"], Array(lines.dropFirst()))
      + SVG.group(["class": "chart-axis"], Array(lines.prefix(1)))
      + SVG.group(["class": "chart-label", "text-anchor": "end"], numbers)
  }

  /// As many labels as there is room for, evenly spaced and counted from the last, since readers look for the newest.
  var labelled: String {
    let widest = min(labels.map(LabelWidth.of).max() ?? 0, 0.4 * SVG.width)
    // Labels at the edges are moved inwards, so they need more distance to their neighbours.
    let moved = max(0, (widest - band) / 2)
    let every = max(1, Int(((widest + moved + Self.gap) / band).rounded(.up)))
    let texts = stride(from: labels.count - 1, through: 0, by: -every).map { index in
      SVG.text(
        labels[index], x: min(max(middle(index), widest / 2), SVG.width - widest / 2), y: bottom + 13, room: widest)
    }
    return SVG.group(["class": "chart-label", "text-anchor": "middle"], texts.reversed())
  }

  /// Invisible areas of full height, since a small column would be hard to hit. The style sheet shows the values of the
  /// area that is under the pointer or has the keyboard's focus. The areas come last: the values are above the marks.
  ///
  /// - Parameters:
  ///   - values: each label's values, in lines.
  ///   - links: where each area leads; empty for nowhere.
  func targets(_ values: [[String]], links: [String]) -> String {
    let areas = values.enumerated().map { index, lines in
      let area = SVG.rectangle(x: left + Double(index) * band, y: top, width: band, height: Self.depth)
      let name = lines.joined(separator: ", ")
      let target =
        links.indices.contains(index) ? SVG.element("a", ["href": links[index], "aria-label": name], area) : area
      return SVG.group(["class": "chart-target"], [target, box(lines, at: index)])
    }
    return SVG.group(["fill": "none", "pointer-events": "all"], areas)
  }

  /// A label's values in a box at the other side of the plot.
  private func box(_ lines: [String], at index: Int) -> String {
    let room = min(lines.map(LabelWidth.of).max() ?? 0, SVG.width / 2)
    let width = room + 2 * Self.gap
    let x = middle(index) < (left + SVG.width) / 2 ? SVG.width - width : left
    let texts = lines.enumerated().map { number, line in
      SVG.text(
        line, x: x + Self.gap, y: top + Self.gap / 2 + (Double(number) + 0.5) * Self.boxLine, room: room)
    }
    let height = Double(lines.count) * Self.boxLine + Self.gap
    return SVG.group(
      ["class": "chart-value", "pointer-events": "none"],
      [SVG.rectangle(x: x, y: top, width: width, height: height), SVG.group(["class": "chart-label"], texts)])
  }

  /// A line through the values of a series, with a mark at each.
  func line(_ series: Series) -> [String] {
    let points = labels.indices.map { index in
      series.value(index).map { (x: middle(index), y: bottom - scale.share($0.drawn) * Self.depth) }
    }
    let lines = zip(points, points.dropFirst()).compactMap { start, end -> String? in
      guard let start, let end else { return nil }
      return SVG.line(from: start, to: end)
    }
    let size = min(band, 5)
    // The marks of the highest and the lowest point extend beyond the plot by half their size.
    let marks = points.compactMap { $0 }.map { point in
      SVG.rectangle(x: point.x - size / 2, y: point.y - size / 2, width: size, height: size)
    }
    return [
      SVG.group(["class": "chart-line"], lines), SVG.group(["class": "chart-bar \(series.colour(at: 0))"], marks),
    ]
  }

  /// The columns, one group for each series.
  func stacks(_ series: [Series]) -> [String] {
    let width = min(band < 3 ? band : band * 0.8, 48)
    var tops = Array(repeating: bottom, count: labels.count)
    return series.enumerated().map { number, one in
      let marks = labels.indices.compactMap { index -> String? in
        guard let value = one.value(index)?.drawn, value > 0 else { return nil }
        // Tiny values are enlarged to be visible. A stack of them must stay inside the picture.
        let height = min(max(scale.share(value) * Self.depth, SVG.pixel), tops[index] - top)
        tops[index] -= height
        return SVG.rectangle(x: middle(index) - width / 2, y: tops[index], width: width, height: height)
      }
      return SVG.group(["class": "chart-bar \(one.colour(at: number))"], marks)
    }
  }
}
