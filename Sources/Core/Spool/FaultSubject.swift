import FaultInjection

extension Faults {
  @inline(__always)
  package static func call<Result: SignedInteger>(_ step: FileStep, at path: String, _ body: () -> Result) -> Result {
    call(step, FaultSubject.of(path), body)
  }

  @inline(__always)
  package static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at path: String) -> Int {
    write(descriptor, bytes, to: FaultSubject.of(path))
  }
}

/// The names of a spool's files and folders in fault points.
public enum FaultSubject {
  /// The spool's own folder.
  public static let spool = "spool"
  public static let snapshot = "snapshot"
  /// A file outside the spool.
  public static let outside = "file"

  /// Returns `fetch/N.json` for `…/20260901T211500Z-1f0c9a3e/fetch/000001.json`, for every snapshot and number.
  public static func of(_ path: String) -> String {
    let parts = path.split(separator: "/")
    if let place = parts.lastIndex(where: { SnapshotID(String($0)) != nil }) {
      let inner = parts[(place + 1)...].map(unnumbered)
      return inner.isEmpty ? snapshot : inner.joined(separator: "/")
    }
    if let place = parts.lastIndex(of: ".console") { return consoleName(parts[place...]) }
    if parts.dropLast().last == ".runs" { return ".runs/RUN" }
    if parts.dropLast().last == "runs" { return "runs/RUN.json" }
    guard let name = parts.last else { return spool }
    if name == "runs" { return "runs" }
    if name.first == "." { return String(name) }
    return name.contains(".") ? outside : spool
  }

  /// Returns `.console/tasks/TASK/exit` for `.console/tasks/12-1764470400000000/exit`.
  private static func consoleName(_ parts: ArraySlice<Substring>) -> String {
    parts.enumerated().map { $0 == 2 ? "TASK" : String($1) }.joined(separator: "/")
  }

  /// Returns `N.json` for `000001.json`, and `.N.lock` for `.000001.lock`.
  private static func unnumbered(_ name: Substring) -> String {
    let dot = name.first == "." ? "." : ""
    let rest = name.dropFirst(dot.count)
    let digits = rest.prefix { $0.isNumber }
    return digits.count == 6 ? dot + "N" + rest.dropFirst(6) : String(name)
  }
}
