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

  func buildIndexes(_ session: inout Connection) throws -> [BulkIndexes.Index] {
    session.settings?["maintenance_work_mem"] = "256MB"
    return try BulkIndexes.build(&session, workers, load, events: settings.events)
  }

  /// Publishes the snapshot.
  func publish(_ indexes: [BulkIndexes.Index], _ session: inout Connection) throws -> Publication {
    settings.events(.phase("publishing"))
    return try InitialPublish(
      settings: settings, snapshot: snapshot, load: load, indexes: indexes, replacesSamples: replacesSamples
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
