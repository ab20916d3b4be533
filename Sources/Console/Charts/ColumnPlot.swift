/// The layout of a column chart.
struct ColumnPlot {
  private let top: Double
  private let left: Double
  private let scale: Scale
  private let ticks: [String]
  private let labels: [String]

  private static let depth = 150.0
  private static let gap = 6.0

  init(top: Double, scale: Scale, ticks: [String], labels: [String]) {
    self.top = top
    self.scale = scale
    self.ticks = ticks
    self.labels = labels
    left = min(ticks.map(LabelWidth.of).max() ?? 0, SVG.width * 0.4) + Self.gap
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
    let widest = min(labels.map(LabelWidth.of).max() ?? 0, SVG.width / 3)
    // Labels at the edges are moved inwards, so they need more distance to their neighbours.
    let moved = max(0, (widest - band) / 2)
    let every = max(1, Int(((widest + moved + Self.gap) / band).rounded(.up)))
    let texts = stride(from: labels.count - 1, through: 0, by: -every).map { index in
      SVG.text(
        labels[index], x: min(max(middle(index), widest / 2), SVG.width - widest / 2), y: bottom + 13, room: widest)
    }
    return SVG.group(["class": "chart-label", "text-anchor": "middle"], texts.reversed())
  }

  /// Invisible areas of full height with each label's values as tooltip: a small column would be hard to hit.
  ///
  /// - Parameter links: where each area leads; empty for nowhere.
  func targets(_ titles: [String], links: [String]) -> String {
    let areas = titles.enumerated().map { index, title in
      let area = SVG.rectangle(x: left + Double(index) * band, y: top, width: band, height: Self.depth, title: title)
      return links.indices.contains(index)
        ? SVG.element("a", ["href": links[index], "aria-label": title], area) : area
    }
    return SVG.group(["fill": "none", "pointer-events": "all"], areas)
  }

  /// A line through the values of a series, with a mark at each.
  func line(_ series: Series, title: (Int, Series) -> String) -> [String] {
    let points = labels.indices.map { index in
      series.value(index).map { (x: middle(index), y: bottom - scale.share($0.drawn) * Self.depth) }
    }
    let lines = zip(points, points.dropFirst()).compactMap { start, end -> String? in
      guard let start, let end else { return nil }
      return SVG.line(from: start, to: end)
    }
    let size = min(band, 5)
    let marks = points.enumerated().compactMap { index, point -> String? in
      point.map { point in
        SVG.rectangle(
          x: point.x - size / 2, y: min(max(point.y - size / 2, top), bottom - size), width: size, height: size,
          title: title(index, series))
      }
    }
    return [
      SVG.group(["class": "chart-line"], lines), SVG.group(["class": "chart-bar \(series.colour(at: 0))"], marks),
    ]
  }

  /// The columns, one group for each series.
  func stacks(_ series: [Series], title: (Int, Series) -> String) -> [String] {
    let width = min(band < 3 ? band : band * 0.8, 48)
    var tops = Array(repeating: bottom, count: labels.count)
    return series.enumerated().map { number, one in
      let marks = labels.indices.compactMap { index -> String? in
        guard let value = one.value(index)?.drawn, value > 0 else { return nil }
        // Tiny values are enlarged to be visible. A stack of them must stay inside the picture.
        let height = min(max(scale.share(value) * Self.depth, SVG.pixel), tops[index] - top)
        tops[index] -= height
        return SVG.rectangle(
          x: middle(index) - width / 2, y: tops[index], width: width, height: height, title: title(index, one))
      }
      return SVG.group(["class": "chart-bar \(one.colour(at: number))"], marks)
    }
  }
}
