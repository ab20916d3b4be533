import Glibc
import TestSupport

/// A small tmpfs that can be filled or made read-only.
final class SmallDisk: Sendable {
  let scratch = ScratchFolder()
  var path: String { scratch.path + "/disk" }

  /// Whether this process may mount a tmpfs: as root, outside of most containers.
  static let isPossible = SmallDisk(bytes: 1 << 20) != nil

  init?(bytes: Int) {
    mkdir(path, 0o755)
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else { return nil }
  }

  deinit { umount2(path, Int32(MNT_DETACH)) }

  func resize(bytes: Int) -> Bool { mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(bytes)") == 0 }

  func makeReadOnly(_ readOnly: Bool) -> Bool {
    mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0), nil) == 0
  }

  /// Fills the file system, except for `bytes`.
  func fill(leaving bytes: Int) {
    var status = statvfs()
    statvfs(path, &status)
    let count = Int(status.f_bavail) * Int(status.f_frsize) - bytes
    let file = open(path + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    posix_fallocate(file, 0, count)
    close(file)
  }

  func free() { unlink(path + "/filler") }
}
