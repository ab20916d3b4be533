import Postgres
import Spool
import Support

/// The first load: batches go by COPY into tables that no reader sees, indexes are built when they are full, and then
/// the tables take the place of the empty ones.
struct BulkLoad {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let workers: BatchWorkers
  let load: CurrentLoad

  func perform(_ session: inout Connection) throws -> Publication {
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
    session.settings?["maintenance_work_mem"] = "256MB"
    let indexes = try BulkIndexes.build(&session, workers, load, events: settings.events)
    settings.events(.phase("publishing"))
    return try BulkPublish(settings: settings, snapshot: snapshot, load: load, indexes: indexes).perform(&session)
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
