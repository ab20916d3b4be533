import CommandKit
import LoadStage
import StructuredLogging

/// Prints changes as text or as lines of JSON.
struct ChangePrinter: ~Copyable {
  private let json: Bool
  private var output = StandardOutput()
  private var counts: [String: Int] = [:]

  init(json: Bool) { self.json = json }

  mutating func print(_ line: UnsafeRawBufferPointer) throws {
    if json {
      try output.write(line)
      return try output.write([UInt8(ascii: "\n")])
    }
    let change = try Change(line: line)
    counts[change.kind, default: 0] += 1
    let image = change.after ?? change.before ?? [:]
    var head =
      "\(change.asOfDate)  \(TextWidth.pad(change.kind, 10))  \(change.ban)  \(Self.text(image["business_name"]))"
    if let reason = change.reason { head += "  (\(reason))" }
    if change.action != "load" { head += "  [\(change.action)]" }
    try output.write(line: Terminal.safe(head))
    for column in change.changedColumns {
      let values = "\(Self.text(change.before?[column])) → \(Self.text(change.after?[column]))"
      try output.write(line: "            \(TextWidth.pad(column, 19))  \(Terminal.safe(values))")
    }
  }

  mutating func finish() throws {
    if !json {
      let parts = ChangeQuery.kinds.compactMap { kind in counts[kind].map { "\($0) \(kind)" } }
      try output.write(line: parts.isEmpty ? "no changes" : parts.joined(separator: ", "))
    }
    try output.flush()
  }

  private static func text(_ value: Change.Value?) -> String {
    switch value {
    case .text(let text): text
    case .industries(let industries):
      industries.isEmpty
        ? "none"
        : industries.map { $0.industryCode + ($0.industryName.map { " \($0)" } ?? "") }.joined(separator: ", ")
    case .some(.none), nil: "–"
    }
  }
}
