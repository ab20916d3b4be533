import Records
import Spool
import Support

extension FinalizedSnapshot {
  /// Parses the source's header.
  ///
  /// - Throws: category `data` if the columns in fetch's manifest are not those of a registry.
  public func header() throws -> Header {
    do throws(HeaderProblem) { return try Header(names: fetch.columns) } catch {
      throw Failure(.data, "'\(folder.fetchManifest)' is damaged: \(error)", hint: "\(command: .fetch, "--force")")
    }
  }
}
