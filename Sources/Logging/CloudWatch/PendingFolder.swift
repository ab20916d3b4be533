import Glibc
import Support

/// The files of waiting events, of this process and of earlier ones.
struct PendingFolder {
  /// Maximum size of all files together; beyond it, the oldest are removed.
  static let bytesMax = 32 << 20
  /// Maximum number of files that one process claims. Each needs a descriptor, and the run needs some as well. The next
  /// process claims the rest.
  static let filesMax = 64

  let path: String

  /// The claimed files and their events.
  struct Claim {
    var files: [PendingFile] = []
    var events: [PendingEvent] = []
    /// Lines that are no events: the file was damaged.
    var damagedLines = 0
    /// Files whose first line is damaged. They stay until ``PendingFolder/trim()``.
    var damagedFiles = 0
  }

  /// Claims files with free locks, the oldest first, as long as their events fit into `bytes`.
  func claim(for destination: Destination, bytes room: Int) -> Claim {
    var claim = Claim()
    var bytes = 0
    for name in (try? names()) ?? [] where claim.files.count < Self.filesMax {
      let file = path + "/" + name
      guard
        let (file, more, damaged) = PendingFile.claim(file, for: destination, number: claim.files.count)
      else {
        if PendingFile.isDamaged(file) { claim.damagedFiles += 1 }
        continue
      }
      claim.damagedLines += damaged
      guard !more.isEmpty else {
        file.remove()
        continue
      }
      bytes += more.reduce(0) { $0 + $1.bytes }
      guard bytes <= room || claim.files.isEmpty else { break }
      claim.files.append(file)
      claim.events += more
    }
    return claim
  }

  /// Removes the oldest files with free locks while all together are too large, and unfinished files of killed
  /// processes.
  ///
  /// - Returns: the number of removed files of events.
  /// - Throws: if the folder cannot be read; its events are then neither sent nor removed.
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
      // This program did not write a larger file, which may have any size.
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

  /// Lists the files; their names begin with the time. A partial list is an error, since it may lack the oldest.
  private func names(ending suffix: String = ".events") throws(CloudWatchProblem) -> [String] {
    do throws(SystemError) {
      return try FileCalls.names(inDirectory: path).filter { $0.hasSuffix(suffix) }.sorted()
    } catch {
      // No event has waited yet.
      if error.code == ENOENT { return [] }
      throw CloudWatchProblem("unable to read '\(path)': \(error)")
    }
  }
}
