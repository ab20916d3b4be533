import Records
import Spool
import Support

extension FinalizedSnapshot {
  /// The source's header.
  ///
  /// - Throws: category `data` where no registry can be read by the columns that fetch wrote down.
  public func header() throws -> Header {
    do throws(HeaderProblem) { return try Header(names: fetch.columns) } catch {
      throw Failure(.data, "'\(folder.fetchManifest)' is damaged: \(error)", hint: "\(command: .fetch, "--force")")
    }
  }
}
