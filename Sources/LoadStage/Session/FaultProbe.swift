import Faults
import Glibc
import Postgres

/// Makes the faults that are asked for happen at statements.
enum FaultProbe {
  /// - Returns: nil in normal use.
  static func make(_ target: Target) -> StatementProbe? {
    guard Faults.isActive else { return nil }
    return { moment in
      let point = FaultPoint.statement(moment.statement, in: moment.transaction)
      switch Faults.at(moment.isOver ? .after : .before, of: point) {
      case .terminateBefore, .terminateAfter: try terminate(moment.processID, target)
      case .diskFull:
        throw PostgresError(
          .serverDiskFull, sqlState: "53100", message: "could not extend file: no space left on device",
          place: moment.place)
      case .loseAnswer:
        throw PostgresError(.temporary, message: "the answer to '\(moment.statement)' was lost", place: moment.place)
      default: break
      }
    }
  }

  /// Ends a session from another one, and waits until it is gone.
  private static func terminate(_ processID: Int32, _ target: Target) throws {
    var session = try Connection.open(target, applicationName: "registry-fault")
    try session.execute("SELECT pg_terminate_backend(\(processID))")
    let isThere = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = \(processID))"
    while try session.execute(isThere).truth { usleep(1000) }
  }
}

extension FaultPoint {
  /// A statement that changes something in the database.
  ///
  /// - Parameter transaction: the name of the one that it stands in; nil for none.
  static func statement(_ statement: String, in transaction: String?) -> FaultPoint {
    var ways: [FaultWay] = [.killBefore, .killAfter, .terminateBefore, .terminateAfter, .diskFull]
    if transaction == nil || statement == "commit" { ways.append(.loseAnswer) }
    return FaultPoint(transaction ?? "session", statement, ways)
  }
}
