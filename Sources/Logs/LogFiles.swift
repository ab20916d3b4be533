import CFiles
import Glibc

/// The files that `LOG_FILE` is the stem of: `STEM-20260128T023000.123Z`, and the last of them is the one written to. A
/// collector that has one open never sees it renamed or cut.
struct LogFiles: Sendable {
  let stem: String

  /// Held while the next name is agreed on.
  var lock: String { stem + ".lock" }

  func path(_ time: LogTime) -> String { stem + "-" + time.stamp }

  /// The times in the names of existing files, the oldest first; nil, with `errno`, if the folder cannot be read.
  func times() -> [LogTime]? { names()?.filter { $0.rest.isEmpty }.map(\.time) }

  /// Removes all but the newest, and files that another program made from them, such as logrotate's `….1.gz`. If the
  /// folder cannot be read, it removes nothing, since the newest are unknown.
  func removeOld(keeping count: Int) {
    guard let names = names() else { return }
    var kept: [LogTime] = []
    for (time, rest) in names.reversed() {
      if !kept.contains(time), kept.count < count { kept.append(time) }
      if !kept.contains(time) { unlink(path(time) + rest) }
    }
  }

  /// The times in the names and the suffixes after them, the oldest first; nil, with `errno`, if the folder cannot be
  /// read.
  private func names() -> [(time: LogTime, rest: String)]? {
    guard let directory = opendir(folder) else { return errno == ENOENT ? [] : nil }
    let prefix = name + "-"
    var names: [(time: LogTime, rest: String)] = []
    var code: Int32 = 0
    while let entry = registry_next_name(UnsafeMutableRawPointer(directory), &code) {
      let found = String(cString: entry)
      guard found.hasPrefix(prefix) else { continue }
      let stamp = found.dropFirst(prefix.count)
      let rest = stamp.dropFirst(LogTime.stampLength)
      guard let time = LogTime(stamp: stamp.prefix(LogTime.stampLength)),
        rest.isEmpty || rest.hasPrefix(".") || rest.hasPrefix("-")
      else { continue }
      names.append((time, String(rest)))
    }
    closedir(directory)
    guard code == 0 else {
      // No later call changes errno.
      errno = code
      return nil
    }
    return names.sorted { $0.time.millisecondsSince1970 < $1.time.millisecondsSince1970 }
  }

  /// Makes the folder that they lie in, and those above it.
  func makeFolder() {
    for end in folder.indices.dropFirst() where folder[end] == "/" { mkdir(String(folder[..<end]), 0o755) }
    mkdir(folder, 0o755)
  }

  private var folder: String {
    guard let slash = stem.lastIndex(of: "/") else { return "." }
    return slash == stem.startIndex ? "/" : String(stem[..<slash])
  }

  private var name: Substring { stem.lastIndex(of: "/").map { stem[stem.index(after: $0)...] } ?? stem[...] }
}
