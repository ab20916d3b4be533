import FaultInjection

extension FaultPoint {
  /// The steps in which the worker and the run monitor change the console's folder and the queue in the database.
  public static let console: [FaultPoint] =
    steps(".console", .makeFolder, .flushFolder, .removeFolder)
}
