import Postgres
import Support

/// The table that says when a load last compared the registry with the source.
enum SourceCheck {
  /// Records that this run found the registry unchanged.
  ///
  /// - Parameter newDate: a newer date that the source gives the same content; nil if there is none.
  static func recordUnchanged(newDate: String?, _ session: inout Connection) throws {
    try session.execute(
      "UPDATE source_check SET checked_at = now(), source_date = coalesce($1::date, source_date)", [newDate])
  }

  /// Records a publication. Corrections leave the date of the registry's content as it is.
  ///
  /// - Parameter sourceDate: the date of a file that the registry now equals; nil if it has none.
  static func recordPublication(_ action: LoadAction, sourceDate: String?, _ session: inout Connection) throws {
    switch action {
    case .load, .rollback:
      try session.execute("UPDATE source_check SET checked_at = now(), source_date = $1::date", [sourceDate])
    case .replay, .withdraw: try session.execute("UPDATE source_check SET checked_at = now()")
    }
  }
}
