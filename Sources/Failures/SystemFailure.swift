import Glibc

extension Failure {
  /// A failed system call, classified by errno.
  ///
  /// - Parameter action: what was tried, with the path, for instance `write 'spool/…/000001.csv.zst'`. It is made after
  ///   `code` is read: making a text may change errno.
  public static func system(_ action: @autoclosure () -> String, errno code: Int32) -> Failure {
    let action = action()
    let reason = String(cString: strerror(code)).lowercased()
    switch code {
    case ENOSPC, EDQUOT:
      return Failure(
        .storage, "unable to \(action): \(reason)", hint: "free some space there, then run the same command again")
    case EACCES, EPERM, EROFS:
      return Failure(
        .storage, "unable to \(action): \(reason)", hint: "check who owns it and whether the file system is writable")
    case EMFILE, ENFILE, ENOMEM:
      return Failure(
        .temporary, "unable to \(action): \(reason)", hint: "the machine is short of it now: run the same command again"
      )
    default:
      return Failure(.storage, "unable to \(action): \(reason)")
    }
  }
}
