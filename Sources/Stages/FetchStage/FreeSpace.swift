import Spool
import Support

/// Checks the free space for a snapshot before it is begun.
enum FreeSpace {
  /// Requires a third of the source's size: the published file compresses to less than a quarter.
  ///
  /// - Throws: category `storage` if there is less.
  static func check(_ spool: String, sourceBytes: Int) throws {
    try require(sourceBytes / 3, spool, "a source of \(size(sourceBytes)) needs at least a third of its size")
  }

  /// Requires twice the size of an archive: it is kept until its content is in the spool, which is about as large again.
  static func check(_ spool: String, archiveBytes: Int) throws {
    // A server may announce any number.
    try require(2 * min(archiveBytes, 1 << 60), spool, "an archive of \(size(archiveBytes)) needs twice its size")
  }

  private static func require(_ bytes: Int, _ spool: String, _ why: String) throws {
    let free = try Folder.freeBytes(spool)
    guard free < bytes + (1 << 20) else { return }
    throw Failure(
      .storage, "'\(spool)' has only \(size(free)) free, but \(why)",
      hint: "free some space there, or name another folder with --spool")
  }

  private static func size(_ bytes: Int) -> String {
    bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
  }
}
