/// Writes a snapshot in one pass: regular records in the order of their addresses, with dirty records in their slots.
struct SnapshotWriter<Failure: Error> {
  private let options: GeneratorOptions
  private let registry: Registry
  private let population: Population
  private let plan: DirtPlan
  private var output: Output<Failure>
  private var expectation = ExpectedResult()

  /// Regular records written so far.
  private var rows = 0
  private var nextDirt = 0
  private var nextSource = 0
  /// The businesses of the regular records that duplicates repeat, by the records' position.
  private var sources: [Int: Int] = [:]
  private var records = 0

  init(_ generator: Generator, sink: @escaping ([UInt8]) throws(Failure) -> Void) {
    options = generator.options
    registry = generator.registry
    population = generator.population
    plan = generator.plan
    output = Output(lineEnd: Array((options.usesCRLF ? "\r\n" : "\n").utf8), sink: sink)
  }

  mutating func write() throws(Failure) -> ExpectedResult {
    if options.hasBOM { output.block += [0xEF, 0xBB, 0xBF] }
    try output.beginLine()
    output.block += header
    if options.hasStamp { try writeStamp() }
    let order = AddressOrder(registry, population)
    var addresses: [UInt8] = []
    var last: Int?
    for area in 0..<order.areaCount {
      for entry in order.entries(ofArea: area, addresses: &addresses) {
        try writeDirt(last: last, next: Int(entry.index))
        try writeRow(entry, addresses)
        last = Int(entry.index)
      }
    }
    try writeDirt(last: last, next: last)
    try output.finish(withLineEnd: options.endsWithNewline)
    expectation.bytes = output.byteOffset
    expectation.days = population.days
    return expectation
  }

  private mutating func writeStamp() throws(Failure) {
    let date = options.date.adding(days: options.day)
    expectation.sourceDate = date.description
    try output.beginLine()
    date.appendStamp(to: &output.block)
    output.block += [UInt8](repeating: UInt8(ascii: ","), count: 15)
  }

  private mutating func writeRow(_ entry: AddressOrder.Entry, _ addresses: [UInt8]) throws(Failure) {
    let index = Int(entry.index)
    let industries = IndustryCodes(seed: options.seed, index: index)
    try output.beginLine()
    output.block.append(UInt8(ascii: "\""))
    output.block.append(contentsOf: addresses[Int(entry.start)..<Int(entry.start + entry.count)])
    output.block.append(UInt8(ascii: "\""))
    registry.appendRest(index, population.revisions(index) ?? Revisions(), industries, to: &output.block)
    expectation.count(accepted: industries)
    records += 1
    if nextSource < plan.sources.count && plan.sources[nextSource] == rows {
      sources[rows] = index
      nextSource += 1
    }
    rows += 1
  }

  /// Writes the dirty records that belong between two regular ones.
  private mutating func writeDirt(last: Int?, next: Int?) throws(Failure) {
    while nextDirt < plan.items.count, plan.items[nextDirt].slot == rows {
      let item = plan.items[nextDirt]
      nextDirt += 1
      var record = record(of: item.source.flatMap { sources[$0] } ?? item.index)
      if !item.kind.isAccepted && item.source == nil {
        // A rejected record leaves no trace, so it may have a neighbour's BAN: the neighbour is still accepted.
        let bans = [item.index, last ?? item.index, next ?? item.index]
        record[.ban] = registry.ban(bans[item.ordinal % 3])
      }
      item.variant.change(&record)
      try output.beginLine()
      records += 1
      let bytes = record.bytes
      let place = (line: output.line, byteOffset: output.byteOffset)
      output.block += bytes
      output.count(lineBreaksIn: bytes)
      let codes = expectation.count(item.kind, record)
      expectation.dirt.append(
        ExpectedResult.Dirt(
          kind: item.kind.rawValue, what: item.variant.what, record: records, line: place.line,
          byteOffset: place.byteOffset, codes: codes))
    }
  }

  /// Returns a business's record, split into its fields.
  private func record(of index: Int) -> DirtRecord {
    let revisions = population.revisions(index) ?? Revisions()
    let industries = IndustryCodes(seed: options.seed, index: index)
    var bytes = [UInt8(ascii: "\"")]
    registry.addresses.append(index, revision: Int(revisions.address), to: &bytes)
    bytes.append(UInt8(ascii: "\""))
    registry.appendRest(index, revisions, industries, to: &bytes)
    // Regular records have no comma inside a field.
    let fields = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(Array.init)
    return DirtRecord(fields: fields, industries: industries.rows, repeatedCodes: industries.repeated)
  }
}
