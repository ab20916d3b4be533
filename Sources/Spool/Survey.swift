import Failures
import Glibc

/// What the spool holds, told from its files alone.
public enum Survey {
  /// All snapshots, the oldest first. Whatever else lies in the folder is not ours to judge.
  public static func snapshots(_ spool: String) throws -> [SnapshotID] {
    try Folder.names(spool, followLinks: true).compactMap(SnapshotID.init).filter { id in
      var status = stat()
      return lstat(spool + "/" + id.description, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
  }
}
