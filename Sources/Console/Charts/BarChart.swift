/// A chart of horizontal bars, one for each category, in the order given. Each bar is between its label and its value.
public struct BarChart: Sendable {
  /// A category with its value.
  public struct Entry: Sendable {
    public let label: String
    public let value: Double

    /// Creates an entry. A value that is not finite counts as missing: it has no bar, and its text is a dash.
    public init(_ label: String, _ value: Double) {
      self.label = label
      self.value = value
    }

    public init(_ label: String, count: Int) { self.init(label, Double(count)) }

    fileprivate var known: Double? { value.isFinite ? value : nil }
  }

  private let frame: Frame
  private let category: String
  private let measure: String
  private let entries: [Entry]
  private let unit: String?
  private let labelsAbove: Bool

  /// - Parameters:
  ///   - id: the prefix of the ids in the picture, unique in the page, without white space.
  ///   - description: what the picture shows, for screen readers.
  ///   - category: what a label names ("City"), the heading of the table's first column.
  ///   - measure: what a value counts ("Businesses"), the heading of the second.
  ///   - unit: short ("s"), written after every value; nil for counts.
  ///   - labelsAbove: whether each label is above its bar instead of beside it, for long labels.
  ///   - emptyText: the text that is shown if there are no entries.
  public init(
    id: String, title: String, description: String, category: String, measure: String, entries: [Entry],
    unit: String? = nil, labelsAbove: Bool = false, emptyText: String
  ) {
    frame = Frame(id: id, title: title, description: description, emptyText: emptyText)
    self.category = category
    self.measure = measure
    self.entries = entries
    self.unit = unit
    self.labelsAbove = labelsAbove
  }

  /// The values as a table.
  public var table: ChartTable {
    ChartTable(
      header: [category, ChartTable.heading(measure, unit: unit)],
      rows: entries.map { [$0.label, NumberText.text($0.known)] })
  }

  /// The chart as an `svg` element.
  public var svg: String {
    guard !entries.isEmpty else { return frame.empty }
    let (row, gap) = (labelsAbove ? 40.0 : 22.0, 6.0)
    let texts = entries.map { NumberText.text($0.known, unit: unit) }
    let labelRoom =
      labelsAbove ? SVG.width : min(entries.map { LabelWidth.of($0.label) }.max() ?? 0, 0.4 * SVG.width)
    let valueRoom = min(texts.map(LabelWidth.of).max() ?? 0, 0.3 * SVG.width)
    let left = labelsAbove ? 0 : labelRoom + gap
    let room = SVG.width - left - gap - valueRoom
    let largest = entries.compactMap { $0.known?.drawn }.max() ?? 0
    var (areas, labels, bars, values): ([String], [String], [String], [String]) = ([], [], [], [])
    for (index, entry) in entries.enumerated() {
      let y = Double(index) * row
      let title = "\(entry.label): \(texts[index])"
      let value = entry.known?.drawn ?? 0
      let length = value > 0 ? max(value / largest * room, SVG.pixel) : 0
      areas.append(SVG.rectangle(x: 0, y: y, width: SVG.width, height: row, title: title))
      let middle = y + row - 11
      labels.append(
        SVG.text(
          entry.label, x: labelsAbove ? 0 : labelRoom, y: labelsAbove ? y + 9 : middle, room: labelRoom))
      if length > 0 { bars.append(SVG.rectangle(x: left, y: middle - 8, width: length, height: 16, title: title)) }
      values.append(SVG.text(texts[index], x: left + length + gap, y: middle, room: valueRoom))
    }
    let height = Double(entries.count) * row
    return frame.svg(
      height: height,
      [
        SVG.group(["fill": "none", "pointer-events": "all"], areas),
        SVG.group(["class": "chart-axis"], [SVG.line(from: (left, 0), to: (left, height))]),
        SVG.group(["class": "chart-bar series-1"], bars),
        SVG.group(["class": "chart-label", "text-anchor": labelsAbove ? "start" : "end"], labels),
        SVG.group(["class": "chart-label"], values),
      ])
  }
}
