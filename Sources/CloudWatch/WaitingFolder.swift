import CFiles
import Glibc

/// The files of events that wait, of this process and of those before it.
struct WaitingFolder {
  /// All files together; what goes beyond is lost, the oldest first.
  static let bytesMax = 32 << 20
  /// Taken over by one process: each holds a descriptor, of which a run needs some as well. The rest is the next one's.
  static let filesMax = 64

  let path: String

  /// The files that are nobody's, the oldest first, and their events, as far as they find room in `bytes`.
  func adopt(for destination: Destination, bytes room: Int) -> (files: [WaitingFile], events: [WaitingEvent]) {
    var files: [WaitingFile] = []
    var events: [WaitingEvent] = []
    var bytes = 0
    for name in (try? names()) ?? [] where files.count < Self.filesMax {
      guard let (file, more) = WaitingFile.adopt(path + "/" + name, for: destination, number: files.count) else {
        continue
      }
      guard !more.isEmpty else {
        file.remove()
        continue
      }
      bytes += more.reduce(0) { $0 + $1.bytes }
      guard bytes <= room || files.isEmpty else { break }
      files.append(file)
      events += more
    }
    return (files, events)
  }

  /// Removes the oldest files that nobody holds while all together are too many, and what a kill left unborn.
  ///
  /// - Returns: how many files went.
  /// - Throws: if the folder cannot be read: the events in it are then neither sent nor removed.
  func trim() throws(CloudWatchProblem) -> Int {
    for name in try names(ending: ".events.new") {
      var status = stat()
      let file = path + "/" + name
      if lstat(file, &status) == 0, status.st_mtim.tv_sec < time(nil) - 3600 { unlink(file) }
    }
    var sizes: [(path: String, bytes: Int)] = []
    for name in try names() {
      var status = stat()
      let file = path + "/" + name
      // A larger one is none of ours, and may have any size.
      guard lstat(file, &status) == 0, status.st_size <= WaitingFile.acceptedBytesMax else { continue }
      sizes.append((file, Int(status.st_size)))
    }
    var bytes = sizes.reduce(0) { $0 + $1.bytes }
    var removed = 0
    for (file, size) in sizes where bytes > Self.bytesMax {
      let descriptor = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, unlink(file) == 0 else { continue }
      bytes -= size
      removed += 1
    }
    return removed
  }

  /// Their names begin with the time. If the folder cannot be read to its end, the result is empty: the names read so
  /// far need not include the oldest.
  private func names(ending suffix: String = ".events") throws(CloudWatchProblem) -> [String] {
    guard let directory = opendir(path) else {
      let code = errno
      // The folder is made for the first event that has to wait.
      if code == ENOENT { return [] }
      throw unreadable(code)
    }
    defer { closedir(directory) }
    var names: [String] = []
    var code: Int32 = 0
    while let entry = registry_next_name(UnsafeMutableRawPointer(directory), &code) {
      let name = String(cString: entry)
      if name.hasSuffix(suffix) { names.append(name) }
    }
    guard code == 0 else { throw unreadable(code) }
    return names.sorted()
  }

  private func unreadable(_ code: Int32) -> CloudWatchProblem {
    CloudWatchProblem("unable to read '\(path)': \(String(cString: strerror(code)).lowercased())")
  }
}
