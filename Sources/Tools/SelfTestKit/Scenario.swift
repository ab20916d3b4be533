import Foundation
import GeneratorKit

/// A command and the state in which it runs. Its result without a fault is the result that every run with a fault must
/// end with.
package struct Scenario: Sendable {
  package let name: String
  package let command: Command
  /// Prepares the spool. Each case gets a copy of it.
  package var prepareSpool: @Sendable (Workspace) throws -> Void
  /// Prepares the database before each case; nil if the command uses no database.
  package var prepareDatabase: (@Sendable (Workspace) throws -> Void)?
  /// Whether the command makes a change again when it is repeated after it has completed.
  package var actsEachTime: Bool

  package init(
    name: String, command: Command, prepareSpool: @escaping @Sendable (Workspace) throws -> Void = { _ in },
    prepareDatabase: (@Sendable (Workspace) throws -> Void)? = nil, actsEachTime: Bool = false
  ) {
    self.name = name
    self.command = command
    self.prepareSpool = prepareSpool
    self.prepareDatabase = prepareDatabase
    self.actsEachTime = actsEachTime
  }
}

extension Scenario {
  private static let fetch: Command = "fetch --source {source} --chunk-size 90"
  /// With one worker, each run reaches a point the same number of times. With two, that depends on their timing.
  private static let transform: Command = "transform --max-rejects 100% --jobs 1"
  /// Returns a load that accepts any share of rejected records, because the registry is very small.
  private static func load(_ rest: String = "") -> Command { Command("load --max-rejects 100% " + rest) }

  /// Fetches and transforms the first days.
  private static func days(_ count: Int) -> @Sendable (Workspace) throws -> Void {
    { workspace in
      for day in 0..<count {
        try fetched(day: day)(workspace)
        try workspace.expect(transform)
      }
    }
  }

  /// Makes a day the source and fetches it.
  private static func fetched(day: Int) -> @Sendable (Workspace) throws -> Void {
    { workspace in
      try workspace.publish(day: day)
      try workspace.expect(fetch)
    }
  }

  /// Makes a day the source and fetches a part of it: two chunks, and the third under its temporary name. After an
  /// earlier kill, the threads would leave a different part each time.
  private static func begun(day: Int) -> @Sendable (Workspace) throws -> Void {
    { workspace in
      try workspace.publish(day: day)
      try workspace.expect(fetch, fault: "kill-before@fetch/N.csv.zst:rename#3", code: nil)
    }
  }

  /// Fetches and transforms the first day, and corrects a record of it in a sheet.
  private static let corrected: @Sendable (Workspace) throws -> Void = { workspace in
    try days(1)(workspace)
    try sheet(workspace)
  }

  /// Loads the first snapshots of the spool, the oldest first.
  private static func loaded(_ count: Int) -> @Sendable (Workspace) throws -> Void {
    { workspace in for index in 0..<count { try workspace.expect(load("--snapshot {\(index)}")) } }
  }

  /// Exports the findings of the first day to a sheet, and corrects a record in it.
  private static func sheet(_ workspace: Workspace) throws {
    try workspace.expect("transform findings --export {file:sheet.csv}")
    let path = workspace.folder + "/sheet.csv"
    var text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    for (fault, correction) in CorrectedRecord.edits {
      guard let range = text.firstRange(of: fault) else { continue }
      text.replaceSubrange(range, with: correction)
    }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  static let all: [Scenario] =
    fetches + transforms + firstLoads + laterLoads + [
      Scenario(
        name: "rollback", command: "load rollback", prepareSpool: days(2), prepareDatabase: loaded(2)),
      Scenario(
        name: "replay", command: "load replay {file:sheet.csv}", prepareSpool: corrected, prepareDatabase: loaded(1)),
      Scenario(
        name: "withdraw", command: Command("load withdraw \(CorrectedRecord.ban)"), prepareSpool: corrected,
        prepareDatabase: { workspace in
          try loaded(1)(workspace)
          try workspace.expect("load replay {file:sheet.csv}")
        }),
      Scenario(
        name: "clean-up", command: "load gc --keep 2 --retain-days 5", prepareSpool: days(4),
        prepareDatabase: { workspace in
          try loaded(4)(workspace)
          // All but the last publication are old.
          try workspace.database?.execute(
            """
            UPDATE publication SET published_at = published_at - interval '9 days'
            WHERE id < (SELECT max(id) FROM publication);
            UPDATE etl_job_run SET completed_at = completed_at - interval '99 days'
            """)
        }),
    ]

  private static let fetches = [
    Scenario(name: "fetch", command: fetch, prepareSpool: { try $0.publish(day: 0) }),
    Scenario(
      name: "fetch, resumed", command: fetch,
      prepareSpool: { workspace in
        // The first version was fetched in part. The next one differs from the beginning.
        try begun(day: 0)(workspace)
        try workspace.publish(day: 1)
      }),
    Scenario(
      name: "fetch, source restored", command: fetch,
      prepareSpool: { workspace in
        // A newer version was begun, but the source is the old one again.
        try days(1)(workspace)
        try begun(day: 1)(workspace)
        try workspace.publish(day: 0)
      }),
    Scenario(
      name: "fetch, begun", command: fetch,
      prepareSpool: { workspace in
        try workspace.publish(day: 0)
        try workspace.expect(fetch, fault: "kill-after@source.json:flush", code: nil)
      }),
    Scenario(
      name: "fetch, archive", command: "fetch --source - --chunk-size 90",
      prepareSpool: { try $0.publishArchive(day: 0) }),
    Scenario(name: "fetch, no answer", command: "fetch --source http://127.0.0.1:1/registry.csv"),
  ]

  private static let transforms = [
    Scenario(
      name: "transform", command: transform, prepareSpool: fetched(day: 0)),
    Scenario(
      name: "transform, again", command: "transform --max-rejects 100% --jobs 1 --force", prepareSpool: days(1)),
    Scenario(
      name: "transform, accepted", command: "transform --max-rejects 0 --jobs 1 --accept proof",
      prepareSpool: fetched(day: 0)),
    Scenario(
      name: "findings", command: "transform findings --export {file:sheet.csv} --force", prepareSpool: days(1)),
  ]

  private static let firstLoads = [
    Scenario(name: "load, first day", command: load(), prepareSpool: days(1), prepareDatabase: { _ in }),
    Scenario(
      name: "load, resumed", command: load(), prepareSpool: days(1),
      prepareDatabase: { try $0.expect(load(), fault: "kill-before@publication:begin", code: nil) }),
    Scenario(
      name: "load, other snapshot begun", command: load(), prepareSpool: days(2),
      prepareDatabase: { workspace in
        try workspace.expect(load("--snapshot {0}"), fault: "kill-after@batch:commit#2", code: nil)
      }),
    Scenario(
      name: "load, under a view", command: load(), prepareSpool: days(1),
      prepareDatabase: { workspace in
        try workspace.expect("load --max-rejects 0", code: 65)
        try workspace.database?.execute("CREATE VIEW mine AS SELECT ban FROM tax_registration")
      }),
    Scenario(
      name: "load, under a view, late", command: load(), prepareSpool: days(1),
      prepareDatabase: { workspace in
        try workspace.expect(load(), fault: "kill-before@publication:begin", code: nil)
        try workspace.database?.execute("CREATE VIEW mine AS SELECT ban FROM tax_registration")
      }),
    Scenario(
      name: "load, over a sample", command: load(), prepareSpool: limitedThenWhole, prepareDatabase: loaded(1)),
    Scenario(
      name: "load, over a sample under a view", command: load(), prepareSpool: limitedThenWhole,
      prepareDatabase: { workspace in
        try loaded(1)(workspace)
        try workspace.database?.execute("CREATE VIEW mine AS SELECT ban FROM tax_registration")
      }),
  ]

  /// A limited snapshot of the first day, then the whole one of the second.
  private static let limitedThenWhole: @Sendable (Workspace) throws -> Void = { workspace in
    try workspace.publish(day: 0)
    try workspace.expect("fetch --source {source} --chunk-size 90 --limit 100")
    try workspace.expect(transform)
    try fetched(day: 1)(workspace)
    try workspace.expect(transform)
  }

  /// Loads the first day, then gives every business another name.
  private static let muchDiffers: @Sendable (Workspace) throws -> Void = { workspace in
    try loaded(1)(workspace)
    try workspace.database?.execute(
      "UPDATE tax_registration SET business_name = business_name || '!', content_hash = content_hash + 1")
  }

  private static let laterLoads = [
    Scenario(name: "load, next day", command: load(), prepareSpool: days(2), prepareDatabase: loaded(1)),
    Scenario(
      name: "load, mass change", command: load("--max-change 100"), prepareSpool: days(2),
      prepareDatabase: muchDiffers),
    Scenario(
      name: "load, mass change, resumed", command: load("--max-change 100"), prepareSpool: days(2),
      prepareDatabase: { workspace in
        try muchDiffers(workspace)
        try workspace.expect(load("--max-change 100"), fault: "kill-before@publication:SAVEPOINT swap", code: nil)
      }),
    Scenario(
      name: "load, refused", command: load("--max-change 0"), prepareSpool: days(2), prepareDatabase: loaded(1)),
    Scenario(
      name: "load, accepted", command: load("--max-change 0 --accept proof"), prepareSpool: days(2),
      prepareDatabase: loaded(1)),
    Scenario(
      name: "load, repairing", command: load("--verify"), prepareSpool: days(1),
      prepareDatabase: { workspace in
        try loaded(1)(workspace)
        try workspace.database?.execute(
          """
          UPDATE tax_registration SET business_name = 'edited' WHERE ban = (SELECT min(ban) FROM tax_registration);
          DELETE FROM tax_registration WHERE ban = (SELECT max(ban) FROM tax_registration)
          """)
      }, actsEachTime: true),
  ]
}

/// A registry that is small enough to be loaded a thousand times, with every kind of dirty record.
enum SmallRegistry {
  static func days(_ count: Int) throws -> [[UInt8]] {
    try (0..<count).map { day in
      var options = GeneratorOptions(rows: 240)
      options.day = day
      options.dirt = DirtAmounts(ofEach: 1)
      options.changes = DailyChanges(new: 3, closed: 3, returned: 1, moved: 3, renamed: 2, recapitalised: 2)
      return try Generator(options).generate().bytes
    }
  }
}

/// The record of the first day that has no name, and its correction.
enum CorrectedRecord {
  static let ban = "75002434"
  static let edits = [(",\(ban),,,", ",\(ban),,更正商行,")]
}
