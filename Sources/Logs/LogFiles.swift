import Glibc

/// The files that `LOG_FILE` is the stem of: `STEM-20260128T023000.123Z`, and the last of them is the one written to. A
/// collector that has one open never sees it renamed or cut.
struct LogFiles: Sendable {
  let stem: String

  /// Held while the next name is agreed on.
  var lock: String { stem + ".lock" }

  func path(_ time: LogTime) -> String { stem + "-" + time.stamp }

  /// The times in the names of those that are there, the oldest first.
  func times() -> [LogTime] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    let prefix = name + "-"
    var times: [LogTime] = []
    while let entry = readdir(directory) {
      let found = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard found.hasPrefix(prefix), let time = LogTime(stamp: found.dropFirst(prefix.count)) else { continue }
      times.append(time)
    }
    return times.sorted { $0.millisecondsSince1970 < $1.millisecondsSince1970 }
  }

  /// Makes the folder that they lie in, where only that one is missing.
  func makeFolder() { mkdir(folder, 0o755) }

  private var folder: String {
    guard let slash = stem.lastIndex(of: "/") else { return "." }
    return slash == stem.startIndex ? "/" : String(stem[..<slash])
  }

  private var name: Substring { stem.lastIndex(of: "/").map { stem[stem.index(after: $0)...] } ?? stem[...] }
}
