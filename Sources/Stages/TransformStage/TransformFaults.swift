import CommandKit
import FaultInjection
import Spool

extension FaultPoint {
  /// The points at which transform changes the spool, and `findings --export` a file of the user.
  public static let transform: [FaultPoint] =
    run + steps(".use.lock", .create) + steps(".settle.lock", .create) + steps("transform/.N.lock", .create)
    + steps("transform", .makeFolder, .flushFolder) + steps(FaultSubject.snapshot, .flushFolder)
    + durableFile("transform/N.registrations.tsv") + durableFile("transform/N.industries.tsv")
    + durableFile("transform/N.findings.jsonl")
    + durableFile("transform/N.json") + steps("transform/N.json", .remove)
    + durableFile("transform.json") + steps("transform.json", .remove)
    + durableFile("accepted.json") + durableFile(FaultSubject.outside)
}
