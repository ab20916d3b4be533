import Failures

extension SnapshotFolder {
  /// Runs `body` while the snapshot cannot be removed. Any number of stages may use it at once.
  ///
  /// Where the lock cannot be made, as on a spool that is read-only, nobody of our rights can remove anything either.
  public func use<Result>(
    stop: () throws(Failure) -> Void = {}, _ body: () throws -> Result
  ) throws -> Result {
    let lock: FileLock?
    do throws(Failure) { lock = try FileLock(useLock, wait: true, shared: true, stop: stop) } catch {
      guard error.verdict == .storage else { throw error }
      return try body()
    }
    let result = Swift.Result { try body() }
    _ = consume lock
    return try result.get()
  }
}
