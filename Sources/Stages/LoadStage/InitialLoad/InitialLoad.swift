import Postgres
import Spool
import Support

/// The initial load: copies batches into tables that no reader sees, builds their indexes when they are full, and swaps
/// them with the registry's tables, which are empty or hold only samples.
struct InitialLoad {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let workers: BatchWorkers
  let load: LoadState
  let replacesSamples: Bool

  /// Copies every batch that is not loaded yet.
  func stage() throws {
    let progress = ImportProgress(load.job)
    let stage = BatchStage(settings: settings, snapshot: snapshot, load: load, progress: progress)
    try workers.run(snapshot.batches) { session, batch in
      try stage.run(
        batch, &session, scan: { _, _ in },
        stage: { _, session in
          try copy(snapshot.registrations(of: batch), into: .registration, &session)
          try copy(snapshot.industries(of: batch), into: .industry, &session)
          return batch.registrations.records
        })
    }
  }

  /// The tables when they are ready to be published.
  struct Built {
    let indexes: [BulkIndexes.Index]
    let groups: GroupCounts
  }

  /// Builds the indexes. A session of its own then counts the businesses, while this one checks the foreign key.
  func build(_ session: inout Connection) throws -> Built {
    session.settings?["maintenance_work_mem"] = "256MB"
    let indexes = try BulkIndexes.build(&session, workers, load, events: settings.events)
    let table = RegistryTable.registration.bulkName
    let counting = BackgroundTask { [access = workers.access] isCancelled in
      var access = access
      let stop = access.stop
      access.stop = {
        try stop()
        try isCancelled()
      }
      var session = try access.open()
      return try GroupCounts.count(table, &session)
    }
    defer { counting.cancel() }
    try BulkIndexes.complete(&session, events: settings.events)
    do { return Built(indexes: indexes, groups: try counting.value()) } catch let error as PostgresError
      where error.kind == .temporary
    {
      // The server may grant no further session.
      return Built(indexes: indexes, groups: try GroupCounts.count(table, &session))
    }
  }

  /// Publishes the snapshot.
  func publish(_ built: Built, _ session: inout Connection) throws -> Publication {
    settings.events(.phase("publishing"))
    return try InitialPublish(
      settings: settings, snapshot: snapshot, load: load, built: built, replacesSamples: replacesSamples
    ).perform(&session)
  }

  private func copy(_ file: VerifiedFile, into table: RegistryTable, _ session: inout Connection) throws {
    let rows = try session.copyIn("COPY \(table.bulkName) (\(table.copyList)) FROM STDIN") { sink in
      try file.readBlocks { block in
        try settings.stop()
        try sink.write(block)
      }
    }
    guard rows == file.entry.records else {
      throw file.damaged("the database took \(rows) rows instead of \(file.entry.records)")
    }
  }
}
