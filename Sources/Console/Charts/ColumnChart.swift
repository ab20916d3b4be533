/// A chart over time, with a column for each label. Several series are stacked, the first at the bottom, with a legend.
public struct ColumnChart: Sendable {
  /// How values are drawn.
  public enum Style: Sendable {
    /// As columns from zero.
    case columns
    /// As a line, on an axis from near the least value: it shows small differences. For one series.
    case line
  }

  private let style: Style
  private let links: [String]
  private let frame: Frame
  private let category: String
  private let labels: [String]
  private let series: [Series]
  private let unit: String?

  /// - Parameters:
  ///   - id: the prefix of the ids in the picture, unique in the page, without white space.
  ///   - description: what the picture shows, for screen readers.
  ///   - category: what a label names ("Day"), the heading of the table's first column.
  ///   - labels: dates or months, oldest first. If there is too little room, some are left out, but never the last.
  ///   - unit: short ("s"), written after every value; nil for counts.
  ///   - links: where each label leads; empty for nowhere.
  ///   - emptyText: the text that is shown if there are no values.
  public init(
    id: String, title: String, description: String, category: String, labels: [String], series: [Series],
    unit: String? = nil, style: Style = .columns, links: [String] = [], emptyText: String
  ) {
    self.style = style
    self.links = links
    frame = Frame(
      id: id, title: title, description: description, emptyText: emptyText,
      hasLinks: !links.isEmpty && series.contains { $0.values.contains(where: \.isFinite) })
    self.category = category
    self.labels = labels
    self.series = series
    self.unit = unit
  }

  /// The values as a table.
  public var table: ChartTable {
    ChartTable(
      header: [category] + series.map { ChartTable.heading($0.name, unit: unit) },
      rows: labels.indices.map { index in [labels[index]] + series.map { NumberText.text($0.value(index)) } })
  }

  /// The chart as an `svg` element.
  public var svg: String {
    let values = labels.indices.map { index in series.compactMap { $0.value(index)?.drawn } }
    guard values.contains(where: { !$0.isEmpty }) else { return frame.empty }
    let least = style == .line ? values.joined().min() ?? 0 : 0
    let scale = Scale(
      from: least, covering: values.map { $0.reduce(0, +) }.max() ?? 0,
      whole: values.joined().allSatisfy { $0 == $0.rounded() })
    let legend = series.count > 1 ? Legend(series) : nil
    let plot = ColumnPlot(
      top: (legend?.height ?? 0) + 10, scale: scale, ticks: scale.ticks.map { NumberText.text($0, unit: unit) },
      labels: labels)
    return frame.svg(
      height: plot.height,
      [legend?.svg ?? "", plot.axis, plot.labelled]
        + (style == .line ? series.flatMap(plot.line) : plot.stacks(series))
        + [plot.targets(labels.indices.map(lines), links: links)])
  }

  /// The values of a label, in lines.
  private func lines(_ index: Int) -> [String] {
    let values = series.map { NumberText.text($0.value(index), unit: unit) }
    guard series.count > 1 else { return values.map { "\(labels[index]): \($0)" } }
    return [labels[index]] + zip(series, values).map { "\($0.name): \($1)" }
  }
}
