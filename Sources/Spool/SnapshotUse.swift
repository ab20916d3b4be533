import Failures
import Glibc

extension SnapshotFolder {
  /// Runs `body` while the snapshot cannot be removed. Any number of stages may use it at once. What is used lies in the
  /// snapshot, and is not somebody else's that a link leads to.
  ///
  /// In a folder that is not ours to write in, as on a spool that is read-only, the lock may not be made: then nobody of our
  /// rights can remove anything either.
  @discardableResult
  public func use<Result>(
    stop: () throws(Failure) -> Void = {}, _ body: () throws -> Result
  ) throws -> Result {
    for folder in [fetchFolder, transformFolder, changesFolder] { try Folder.requireNoLink(folder) }
    let lock: FileLock?
    do throws(Failure) { lock = try FileLock(useLock, wait: true, shared: true, stop: stop) } catch {
      guard access(path, W_OK) != 0 else { throw error }
      return try body()
    }
    let result = Swift.Result { try body() }
    _ = consume lock
    return try result.get()
  }
}
