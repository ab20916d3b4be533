import Spool
import Support

/// Checks the free space for a snapshot before it is begun.
enum FreeSpace {
  /// Requires a third of the source's size: the published file compresses to less than a quarter.
  ///
  /// - Throws: category `storage` if there is less.
  static func check(_ spool: String, sourceBytes: Int) throws {
    let free = try Folder.freeBytes(spool)
    guard free < sourceBytes / 3 + (1 << 20) else { return }
    throw Failure(
      .storage,
      "'\(spool)' has only \(size(free)) free, but a source of \(size(sourceBytes)) needs at least a third of its size",
      hint: "free some space there, or name another folder with --spool")
  }

  private static func size(_ bytes: Int) -> String {
    bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
  }
}
