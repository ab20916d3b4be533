import Postgres

/// The publications whose changes do not count, because a rollback undid them.
///
/// A load adds a state to the registry's history, and a rollback goes back to an earlier state. A load counts if its
/// state is the current one or leads to it. Corrections survive a rollback, so their runs always count.
public struct UndonePublications: Sendable, Equatable {
  /// A load that a rollback undid.
  public struct Day: Sendable, Equatable {
    public let jobRunID: Int
    /// The day from which the load counted, ISO 8601.
    public let asOfDate: String?
    /// The number of businesses that it added, changed or removed.
    public let changes: Int
    /// The rollback that undid it.
    public let rollback: Int
    /// The load that published the same snapshot again and counts; nil if there is none.
    public let reloadedBy: Int?
  }

  /// The job runs of the undone loads and of all rollbacks, whose changes are the reverse.
  public private(set) var runs: Set<Int> = []
  /// The newest first.
  public private(set) var days: [Day] = []
  /// The loads that count, the oldest first.
  private var effective: [Publication] = []
  /// Each load with the load whose state it changed.
  private var parents: [Int: Int] = [:]
  private var loads: [Publication] = []
  /// The loads and rollbacks, the oldest first, each with the load whose state the registry had then.
  private var states: [Step] = []

  /// ``runs`` as text of a PostgreSQL array.
  var array: String { "{\(runs.sorted().map(String.init).joined(separator: ","))}" }

  struct Publication: Equatable {
    let jobRunID: Int
    let action: String
    let snapshot: String
    let asOfDate: String?
    let changes: Int
  }

  private struct Step: Equatable {
    let jobRunID: Int
    let state: Int
  }

  /// Reads all publications.
  public static func read(_ connection: inout Connection) throws -> UndonePublications {
    guard try connection.bool("SELECT EXISTS (SELECT FROM publication WHERE action = 'rollback')") else {
      return UndonePublications([])
    }
    return try all(&connection)
  }

  /// Reads all publications, also if none was undone.
  static func all(_ connection: inout Connection) throws -> UndonePublications {
    UndonePublications(
      try connection.rows(
        """
        SELECT job_run_id, action, snapshot, as_of_date, inserted + updated + removed AS changes
        FROM publication ORDER BY id
        """
      ).map { row in
        Publication(
          jobRunID: try row.int("job_run_id"), action: try row.text("action"), snapshot: try row.text("snapshot"),
          asOfDate: try row.optionalText("as_of_date"), changes: try row.int("changes"))
      })
  }

  /// - Parameter publications: all publications, the oldest first.
  init(_ publications: [Publication]) {
    var current: Int?
    var rollbacks: [Int: Int] = [:]
    for publication in publications {
      switch publication.action {
      case "load":
        parents[publication.jobRunID] = current
        current = publication.jobRunID
        loads.append(publication)
        states.append(Step(jobRunID: publication.jobRunID, state: publication.jobRunID))
      case "rollback":
        // Without its target, nothing is known about what it undid.
        guard let target = loads.last(where: { $0.snapshot == publication.snapshot }) else { continue }
        let before = Self.chain(to: current, parents)
        current = target.jobRunID
        for load in before.subtracting(Self.chain(to: current, parents)) { rollbacks[load] = publication.jobRunID }
        runs.insert(publication.jobRunID)
        states.append(Step(jobRunID: publication.jobRunID, state: target.jobRunID))
      default: break
      }
    }
    let counting = Self.chain(to: current, parents)
    effective = loads.filter { counting.contains($0.jobRunID) }
    let undone = loads.filter { !counting.contains($0.jobRunID) }
    runs.formUnion(undone.map(\.jobRunID))
    days = undone.reversed().compactMap { load in
      rollbacks[load.jobRunID].map { rollback in
        Day(
          jobRunID: load.jobRunID, asOfDate: load.asOfDate, changes: load.changes, rollback: rollback,
          reloadedBy: effective.last { $0.snapshot == load.snapshot && $0.jobRunID > rollback }?.jobRunID)
      }
    }
  }

  /// Returns the loads that count now and that a rollback to a snapshot would undo, the oldest first.
  func undone(byRollbackTo snapshot: String) -> [(jobRunID: Int, asOfDate: String?)] {
    let target = loads.last { $0.snapshot == snapshot }
    let kept = Self.chain(to: target?.jobRunID, parents)
    return effective.filter { !kept.contains($0.jobRunID) }.map { ($0.jobRunID, $0.asOfDate) }
  }

  /// Returns the loads and rollbacks after a job run that together changed nothing: the registry had the same state
  /// before and after them.
  func cancelled(after jobRunID: Int) -> Set<Int> {
    var path = [states.last { $0.jobRunID <= jobRunID } ?? Step(jobRunID: jobRunID, state: jobRunID)]
    var cancelled: Set<Int> = []
    for next in states where next.jobRunID > jobRunID {
      if let same = path.firstIndex(where: { $0.state == next.state }) {
        cancelled.formUnion(path[(same + 1)...].map(\.jobRunID) + [next.jobRunID])
        path.removeSubrange((same + 1)...)
      } else {
        path.append(next)
      }
    }
    return cancelled
  }

  private static func chain(to load: Int?, _ parents: [Int: Int]) -> Set<Int> {
    var found: Set<Int> = []
    var load = load
    while let run = load {
      found.insert(run)
      load = parents[run]
    }
    return found
  }
}
