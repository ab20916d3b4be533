import Faults
import Spool

extension FaultPoint {
  /// Where any stage changes the spool for its run's sake.
  public static let run: [FaultPoint] =
    steps(FaultSubject.spool, .makeFolder, .flushFolder) + steps(".runs", .makeFolder)
    + steps(".runs/RUN", .create, .write, .rename, .remove) + steps("runs", .makeFolder, .flushFolder)
    + durableFile("runs/RUN.json")
}
