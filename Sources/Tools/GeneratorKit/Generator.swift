/// Makes snapshots of the business tax registration file that look like the published one, of any size, clean or dirty,
/// and the days that follow them.
///
/// It knows nothing of the pipeline: it states on its own what a correct reader finds in what it made.
public struct Generator: Sendable {
  let options: GeneratorOptions
  let registry: Registry
  let population: Population
  let plan: DirtPlan

  /// Throws where no snapshot can satisfy the options.
  public init(_ options: GeneratorOptions) throws(InvalidOptions) {
    try options.validate()
    self.options = options
    registry = Registry(
      seed: options.seed, date: options.date, initial: options.rows, newPerDay: options.changes.new)
    population = try Population(registry, day: options.day, changes: options.changes)
    guard options.dirt.total == 0 || population.open >= 2 else {
      throw InvalidOptions("dirt needs at least two rows to stand between, and by day \(options.day) fewer are left")
    }
    plan = DirtPlan(options.dirt, seed: options.seed, rows: population.open)
  }

  /// The snapshot in memory: for small ones.
  public func generate() -> (bytes: [UInt8], expectation: ExpectedResult) {
    var bytes: [UInt8] = []
    let expectation = write { (block: [UInt8]) in bytes += block }
    return (bytes, expectation)
  }

  /// Hands the snapshot to `sink`, about a mebibyte at a time. Beside a block it holds four bytes a business and the
  /// addresses of one district.
  public func write<Failure: Error>(
    to sink: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) -> ExpectedResult {
    // The writer keeps the sink no longer than this call.
    try withoutActuallyEscaping(sink) { (sink) throws(Failure) in
      var writer = SnapshotWriter(self, sink: sink)
      return try writer.write()
    }
  }
}
