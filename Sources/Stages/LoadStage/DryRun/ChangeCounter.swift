import CommandKit
import Postgres
import Spool
import Support

/// Counts the changes that ``ChangeFeed`` would write for a snapshot, by kind and column. A read-only transaction can
/// stage nothing, so differing rows are read from the registry and compared here.
struct ChangeCounter {
  private(set) var counts = ChangeCounts()
  private(set) var emptied = EmptiedColumns()
  private let comparison: DiffBuilder
  /// Number of businesses that one statement reads.
  private static let step = 5000
  private static let columns = RegistrationImage.columns

  init(_ comparison: DiffBuilder) { self.comparison = comparison }

  mutating func count(
    _ snapshot: FinalizedSnapshot, _ batch: Batch, _ findings: BatchFindings, _ session: inout Connection
  ) throws {
    var added: [UInt32] = []
    var changed: [UInt32: Business] = [:]
    try comparison.compare(snapshot.registrations(of: batch), findings) { ban, line in
      if comparison.holds(ban) { changed[ban] = Business(line) } else { added.append(ban) }
    }
    if !changed.isEmpty {
      let industries = snapshot.industries(of: batch)
      try industries.readLines { line in
        guard let ban = BANText.parse(line) else { throw industries.damaged("it has a line without a BAN") }
        changed[ban]?.industries.append(contentsOf: line)
      }
    }
    try countAdded(added, &session)
    let bans = changed.keys.sorted()
    for start in stride(from: 0, to: bans.count, by: Self.step) {
      try countChanged(Array(bans[start..<min(start + Self.step, bans.count)]), changed, &session)
    }
  }

  private mutating func countAdded(_ bans: [UInt32], _ session: inout Connection) throws {
    guard !bans.isEmpty else { return }
    let reappeared = try session.int(
      "SELECT count(*) FROM removed_registration WHERE ban = ANY ($1)", [PostgresArray.of(bans: bans)])
    add(bans.count - reappeared, "added")
    add(reappeared, "reappeared")
  }

  private mutating func countChanged(
    _ bans: [UInt32], _ wanted: [UInt32: Business], _ session: inout Connection
  ) throws {
    var held: [UInt32: Business] = [:]
    let array = "'\(PostgresArray.of(bans: bans))'"
    try session.copyOut(
      """
      COPY (SELECT \(Self.columns.joined(separator: ", ")) FROM tax_registration WHERE ban = ANY (\(array))) TO STDOUT
      """
    ) { row in
      if let ban = BANText.parse(row) { held[ban] = Business(row) }
    }
    try session.copyOut(
      """
      COPY (SELECT \(RegistryTable.industry.copyList) FROM business_industry WHERE business_id = ANY (\(array))
        ORDER BY business_id, "order", industry_code) TO STDOUT
      """
    ) { row in
      guard let ban = BANText.parse(row) else { return }
      held[ban]?.addIndustry(row)
    }
    for ban in bans {
      guard let before = held[ban], let after = wanted[ban] else { continue }
      var columns = zip(Self.columns, zip(before.fields, after.fields)).filter { $1.0 != $1.1 }.map(\.0)
      for (column, (before, after)) in zip(Self.columns, zip(before.fields, after.fields))
      where after == CopyLine.null && before != after {
        emptied.add(.column(column))
      }
      if before.industries != after.industries { columns.append("industries") }
      for place in before.places.subtracting(after.places) { emptied.add(.industry(place: place)) }
      guard !columns.isEmpty else { continue }
      add(1, "changed")
      for column in columns { counts.columns[column, default: 0] += 1 }
    }
  }

  private mutating func add(_ number: Int, _ kind: String) {
    if number > 0 { counts.kinds[kind, default: 0] += number }
  }

  /// A business in COPY text as transform writes it.
  private struct Business {
    /// The values of ``RegistrationImage/columns``.
    let fields: [[UInt8]]
    var industries: [UInt8] = []

    /// - Parameter line: a line of `registrations.tsv`, or a row from the server.
    init(_ line: UnsafeRawBufferPointer) {
      let parts = CopyLine.split(line, ChangeCounter.columns.count)
      fields = parts.prefix(ChangeCounter.columns.count).map { field in
        var bytes: [UInt8] = []
        CopyLine.append(field, to: &bytes)
        return bytes
      }
    }

    /// The slots of the industries. A slot is the last byte of its line.
    var places: Set<Int> {
      Set(industries.split(separator: .lineFeed).compactMap { Int(String(decoding: $0.suffix(1), as: UTF8.self)) })
    }

    mutating func addIndustry(_ row: UnsafeRawBufferPointer) {
      CopyLine.append(row, to: &industries)
      industries.append(.lineFeed)
    }
  }
}
