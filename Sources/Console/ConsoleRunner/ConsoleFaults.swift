import FaultInjection
import Spool

extension FaultPoint {
  /// The steps in which the worker and the run monitor change the console's folder and the queue in the database.
  public static let console: [FaultPoint] = folders + task + queue

  private static let folders =
    steps(FaultSubject.spool, .makeFolder) + steps(".console", .makeFolder)
    + steps(".console/tasks", .makeFolder, .flushFolder)

  private static let task: [FaultPoint] =
    steps(place, .makeFolder, .flushFolder, .removeFolder)
    + steps(place + "/lock", .create) + steps(place + "/started", .create, .write, .flush)
    + steps(place + "/stop", .create, .flush, .close, .rename) + durableFile(place + "/exit")
    + ["lock", "started", "log", "summary", "stop", "exit"].flatMap { steps(place + "/" + $0, .remove) }

  private static let place = ".console/tasks/TASK"

  private static let queue = [
    "begin", "commit", "INSERT console.task", "UPDATE console.task", "DELETE console.task", "UPDATE console.schedule",
  ].map { statement($0, in: nil) }
}
