import Failures
import Postgres
import Spool
import Synchronization

/// Every load but the first: compares the snapshot with the registry by content hash, stages the rows that differ, and
/// writes nothing else. It needs no right but to read and write rows.
struct ReconcileLoad {
  let settings: LoadSettings
  let snapshot: SettledSnapshot
  let workers: BatchWorkers
  let load: CurrentLoad

  func perform(_ session: inout Connection) throws -> (Publication, before: RegistryState) {
    settings.events(.phase("reading what the registry holds"))
    let hashes = try readHashes(&session)
    let comparison = Comparison(hashes)
    let stage = BatchStage(settings: settings, snapshot: snapshot, load: load, progress: ImportProgress(load.job))
    try workers.run(snapshot.batches) { session, batch in
      try stage.run(batch, &session, scan: { try comparison.scan(snapshot.registrations(of: $0)) }) { session in
        try comparison.stage(snapshot, batch, &session)
      }
    }
    // A sample or a limited snapshot says nothing of what it lacks.
    let gone = snapshot.whole ? comparison.gone() : []
    settings.events(.phase("publishing"))
    return try ReconcilePublish(settings: settings, snapshot: snapshot, load: load, gone: gone)
      .perform(&session, registrations: hashes.count + hashes.misfits.count)
  }

  private func readHashes(_ session: inout Connection) throws -> PublishedHashes {
    let expected = try session.execute(
      "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'tax_registration'::regclass"
    ).number
    var hashes = PublishedHashes(expected: expected ?? 0)
    var misfits = 0
    try session.copyOut("COPY (SELECT ban, content_hash FROM tax_registration) TO STDOUT") { row in
      if let line = RegistrationLine(row) {
        hashes.insert(line.ban, line.contentHash)
      } else {
        misfits += 1
      }
    }
    if misfits > 0 {
      let found = try session.execute("SELECT ban FROM tax_registration WHERE ban !~ '^[0-9]{8}$'")
      hashes.misfits = found.values.compactMap { $0[0] }
    }
    return hashes
  }
}

/// The registry's hashes, and which of its businesses the snapshot has. Shared by the workers.
final class Comparison: Sendable {
  private let hashes: PublishedHashes
  private let seen: Mutex<PlaceSet>

  init(_ hashes: PublishedHashes) {
    self.hashes = hashes
    seen = Mutex(PlaceSet(places: hashes.places))
  }

  /// Notes the businesses of a batch that is in already.
  func scan(_ file: VerifiedFile) throws {
    var places: [Int] = []
    try file.readLines { _ = try look(at: $0, file, &places) }
    mark(places)
  }

  /// Stages what differs.
  ///
  /// - Returns: how many businesses that is.
  func stage(_ snapshot: SettledSnapshot, _ batch: Batch, _ session: inout Connection) throws -> Int {
    var places: [Int] = []
    var differing: Set<UInt32> = []
    let registrations = snapshot.registrations(of: batch)
    try copy(registrations, into: "incoming_registration", .registration, &session) { line in
      guard let ban = try look(at: line, registrations, &places) else { return false }
      differing.insert(ban)
      return true
    }
    let industries = snapshot.industries(of: batch)
    try copy(industries, into: "incoming_industry", .industry, &session) { line in
      guard let ban = BANText.parse(line) else { throw industries.damaged("it has a line without a BAN") }
      return differing.contains(ban)
    }
    mark(places)
    return differing.count
  }

  /// Businesses of the registry that the snapshot lacks.
  func gone() -> [String] {
    seen.withLock { hashes.unseen($0).map(BANText.text) } + hashes.misfits
  }

  /// - Returns: the BAN where the line is new or differs.
  private func look(at line: UnsafeRawBufferPointer, _ file: VerifiedFile, _ places: inout [Int]) throws -> UInt32? {
    guard let parsed = RegistrationLine(line) else { throw file.damaged("it has a line that is no registration") }
    guard let place = hashes.place(of: parsed.ban) else { return parsed.ban }
    places.append(place)
    return hashes.hash(at: place) == parsed.contentHash ? nil : parsed.ban
  }

  private func mark(_ places: [Int]) {
    seen.withLock { seen in for place in places { seen.insert(place) } }
  }

  /// Sends the lines that are `wanted`. They are written as they stand in the file.
  private func copy(
    _ file: VerifiedFile, into table: String, _ columns: RegistryTable, _ session: inout Connection,
    wanted: (UnsafeRawBufferPointer) throws -> Bool
  ) throws {
    var sent = 0
    let rows = try session.copyIn("COPY \(table) (\(columns.copyList)) FROM STDIN") { sink in
      var block: [UInt8] = []
      try file.readLines { line in
        guard try wanted(line) else { return }
        block.append(contentsOf: line)
        sent += 1
        if block.count > 1 << 16 {
          try block.withUnsafeBytes { try sink.write($0) }
          block.removeAll(keepingCapacity: true)
        }
      }
      try block.withUnsafeBytes { try sink.write($0) }
    }
    guard rows == sent else { throw file.damaged("the database took \(rows) rows instead of \(sent)") }
  }
}
