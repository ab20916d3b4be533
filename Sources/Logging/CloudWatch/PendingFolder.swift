import Glibc
import Support

/// The files of events that wait, of this process and of those before it.
struct PendingFolder {
  /// All files together; what goes beyond is lost, the oldest first.
  static let bytesMax = 32 << 20
  /// Taken over by one process: each holds a descriptor, of which a run needs some as well. The rest is the next one's.
  static let filesMax = 64

  let path: String

  /// The files that are nobody's, the oldest first, and their events, as far as they find room in `bytes`.
  func claim(for destination: Destination, bytes room: Int) -> (files: [PendingFile], events: [PendingEvent]) {
    var files: [PendingFile] = []
    var events: [PendingEvent] = []
    var bytes = 0
    for name in (try? names()) ?? [] where files.count < Self.filesMax {
      guard let (file, more) = PendingFile.claim(path + "/" + name, for: destination, number: files.count) else {
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
  /// - Throws: where the folder cannot be read: what waits in it is neither sent nor trimmed.
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
      guard lstat(file, &status) == 0, status.st_size <= PendingFile.acceptedBytesMax else { continue }
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

  /// Their names begin with the time. Where the folder cannot be read to its end there are none: what of it is seen is
  /// not the oldest.
  private func names(ending suffix: String = ".events") throws(CloudWatchProblem) -> [String] {
    do throws(SystemError) {
      return try FileCalls.names(inDirectory: path).filter { $0.hasSuffix(suffix) }.sorted()
    } catch {
      // Nothing has waited yet.
      if error.code == ENOENT { return [] }
      throw CloudWatchProblem("unable to read '\(path)': \(error)")
    }
  }
}
