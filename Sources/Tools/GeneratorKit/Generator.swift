/// Generates snapshots that look like the published business tax registration file, of any size, clean or dirty, and
/// the days that follow them.
///
/// Uses no code of the pipeline: it computes independently what a correct reader finds in the snapshot.
public struct Generator: Sendable {
  let options: GeneratorOptions
  let registry: Registry
  let population: Population
  let plan: DirtPlan

  /// - Throws: ``InvalidOptions`` if no snapshot can satisfy the options.
  public init(_ options: GeneratorOptions) throws(InvalidOptions) {
    try options.validate()
    self.options = options
    registry = Registry(
      seed: options.seed, date: options.date, initial: options.rows, newPerDay: options.changes.new)
    population = try Population(registry, day: options.day, changes: options.changes)
    guard options.dirt.total == 0 || population.open >= 2 else {
      throw InvalidOptions("dirty records need at least two regular rows, and by day \(options.day) fewer are left")
    }
    plan = DirtPlan(options.dirt, seed: options.seed, rows: population.open)
  }

  /// Generates the snapshot in memory. Use it for small snapshots.
  public func generate() -> (bytes: [UInt8], expectation: ExpectedResult) {
    var bytes: [UInt8] = []
    let expectation = write { (block: [UInt8]) in bytes += block }
    return (bytes, expectation)
  }

  /// Passes the snapshot to `sink` in blocks of about 1 MiB. Besides a block, it holds 4 bytes per business and the
  /// addresses of one district in memory.
  public func write<Failure: Error>(
    to sink: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) -> ExpectedResult {
    // The writer does not keep the sink after this call.
    try withoutActuallyEscaping(sink) { (sink) throws(Failure) in
      var writer = SnapshotWriter(self, sink: sink)
      return try writer.write()
    }
  }
}
