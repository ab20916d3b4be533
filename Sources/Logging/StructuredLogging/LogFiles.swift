import Glibc
import Support

/// The files with the stem `LOG_FILE`: `STEM-20260128T023000.123Z`. Lines are written to the last one. Files are never
/// renamed or truncated, so that a collector can keep one open.
public struct LogFiles: Sendable {
  /// Size at which the next file begins.
  public static let bytesMax = 10 << 20
  /// Number of files that are kept.
  private static let countMax = 5

  let stem: String

  /// Held while the next file is created.
  var lock: String { stem + ".lock" }

  /// Whether the stem names a device, a pipe or a folder. Files next to /dev/stdout, for instance, would take memory.
  var isDeviceOrFolder: Bool {
    if isBelowDevices || stem.hasSuffix("/") { return true }
    var status = stat()
    // A folder with that name may be next to the files.
    return stat(stem, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  /// Whether the folder, or its nearest existing parent, is in /dev, also by another spelling or a link.
  private var isBelowDevices: Bool {
    var nearest = folder
    while true {
      if let resolved = realpath(nearest, nil) {
        defer { free(resolved) }
        let path = String(cString: resolved) + "/"
        return path.hasPrefix("/dev/") && !path.hasPrefix("/dev/shm/")
      }
      guard let slash = nearest.lastIndex(of: "/"), slash > nearest.startIndex else { return false }
      nearest = String(nearest[..<slash])
    }
  }

  func path(_ time: LogTime) -> String { stem + "-" + time.stamp }

  /// The times in the names of the existing files, the oldest first.
  func times() throws(SystemError) -> [LogTime] { try names().filter { $0.rest.isEmpty }.map(\.time) }

  /// Removes all but the newest files, and what gzip has made from the removed ones, for instance `….1.gz`.
  /// Other files next to them stay. If the folder cannot be read, nothing is removed, since the newest are not known.
  func removeOld() {
    guard let names = try? names() else { return }
    var kept: [LogTime] = []
    for (time, rest) in names.reversed() {
      if !kept.contains(time), kept.count < Self.countMax { kept.append(time) }
      if !kept.contains(time) { unlink(path(time) + rest) }
    }
  }

  /// The times in the names, and the rest of each name, the oldest first.
  private func names() throws(SystemError) -> [(time: LogTime, rest: String)] {
    let found: [String]
    do throws(SystemError) { found = try FileCalls.names(inDirectory: folder) } catch {
      if error.code == ENOENT { return [] }
      throw error
    }
    let prefix = name + "-"
    var names: [(time: LogTime, rest: String)] = []
    for found in found where found.hasPrefix(prefix) {
      let stamp = found.dropFirst(prefix.count)
      let rest = stamp.dropFirst(LogTime.stampLength)
      guard let time = LogTime(stamp: stamp.prefix(LogTime.stampLength)),
        rest.isEmpty || Self.isCompressed(rest)
      else { continue }
      names.append((time, String(rest)))
    }
    return names.sorted { $0.time.millisecondsSince1970 < $1.time.millisecondsSince1970 }
  }

  /// Whether a name's rest is gzip's `.gz`, or logrotate's with a number or a date before it: `.1.gz`, `-20260109.gz`.
  /// A file that was compressed again has several.
  private static func isCompressed(_ rest: Substring) -> Bool {
    var left = rest
    while !left.isEmpty {
      let mark = left.first
      let digits = left.dropFirst().prefix { $0.isASCII && $0.isNumber }
      let isRotated = mark == "." && !digits.isEmpty || mark == "-" && digits.count == 8
      if isRotated { left = left[digits.endIndex...] }
      guard left.hasPrefix(".gz") else { return false }
      left = left.dropFirst(3)
    }
    return true
  }

  /// Creates the files' folder and its parents.
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
