import CommandKit
import FaultInjection
import Spool

extension FaultPoint {
  /// Between a failed attempt and the next.
  static let retry = FaultPoint("download", "retry", [.killBefore, .killAfter])

  /// The points at which fetch changes the spool.
  public static let fetch: [FaultPoint] =
    run + steps(".fetch.lock", .create)
    + steps(FaultSubject.snapshot, .makeFolder, .flushFolder, .removeFolder)
    + steps("fetch", .makeFolder, .flushFolder, .removeFolder)
    + durableFile("source.json") + steps("source.json", .remove) + steps(".source.json.tmp", .remove)
    + durableFile("fetch/N.csv.zst") + steps("fetch/N.csv.zst", .remove) + steps("fetch/.N.csv.zst.tmp", .remove)
    + steps("fetch/.archive.part", .create, .write, .remove)
    + durableFile("fetch/N.json") + steps("fetch/N.json", .remove)
    + durableFile("fetch.json") + [retry]
}
