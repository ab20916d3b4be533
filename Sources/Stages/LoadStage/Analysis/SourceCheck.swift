import Postgres
import Support

/// The table that says when a load last compared the registry with the source.
enum SourceCheck {
  /// Records that this run published the snapshot, or found that the registry holds it.
  ///
  /// - Parameter sourceDate: the date that the registry's content has now; nil to leave it as it is.
  static func record(sourceDate: String?, _ session: inout Connection) throws {
    try session.execute(
      "UPDATE source_check SET checked_at = now(), source_date = coalesce($1::date, source_date)", [sourceDate])
  }
}
