import Spool
import TestCluster
import TestSupport
import Testing

/// The gate on the command line of `load`.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct GateCommandTests {
  @Test func aRefusalIs65WithEveryReasonInTheErrorTheSummaryAndTheJobRun() throws {
    try Days.with { days in
      try days.fetch(Days.records(200), day: 5)
      try days.succeed()
      let before = try days.names()
      let bad = try days.fetch(Array(Days.records(189).dropFirst(60)) + ["x"], day: 4)

      let refused = try days.load("--json")
      expect(refused, from: "load", fails: 65, saying: "snapshot \(bad.id) is refused: ")
      let document = try JSON(refused.stdout)
      #expect(document["status"]?.string == "failed")
      let message = try #require(document["error"]?["message"]?.string)
      for reason in [
        "130 records where snapshot", "has 200: 35.0 % fewer, more than --max-decrease 5%",
        "71 of 200 businesses changed or vanished: 35.5 %, more than --max-change 20%",
        "its source date 2026-09-04 is before 2026-09-05",
      ] {
        #expect(refused.stderr.contains(reason) && message.contains(reason), "\(refused)")
      }
      #expect(message.contains("1 of 130 records") == false, "within the budget of rejections: \(message)")
      #expect(refused.stderr.contains("HINT: if the snapshot is correct"), "\(refused)")
      #expect(
        try days.database.rows("SELECT status, error_message FROM etl_job_run ORDER BY id").last == "failed|\(message)")
      #expect(try days.names() == before)
      let logged = try LogLine.read(try days.load(variables: ["LOG_FORMAT": "json"]).stderr)
      #expect(logged.events.last == "etl_failed" && logged.all("etl_failed").count == 1)
      #expect(logged.last?.fields["error"]?.string == message)
    }
  }

  @Test func anAcceptedSnapshotIsPublishedAndTheAcceptanceReported() throws {
    try Days.with { days in
      try days.fetch(Days.records(200), day: 1)
      try days.succeed()
      let bad = try days.fetch(Days.records(100), day: 2)
      #expect(try days.load().code == 65)
      let ended = try days.succeed("--accept", "half of them = gone, '確認'", "--json")
      let document = try JSON(ended.stdout)
      #expect(document["database"]?["accepted_refusals"]?.array?.count == 2, "\(ended)")
      #expect(ended.stderr.contains("published although it was refused: 100 records where"), "\(ended)")
      #expect(try days.names().count == 100)
      #expect(
        try days.database.rows(
          "SELECT accepted_by <> '', accept_reason, cardinality(refusals) FROM publication ORDER BY id DESC LIMIT 1")
          == ["t|half of them = gone, '確認'|2"])
      let manifest = try #require(try AcceptanceManifest.read(at: bad.acceptanceManifest))
      #expect(manifest.reason == "half of them = gone, '確認'" && manifest.refusals.count == 2)
      let table = try days.succeed("--force")
      #expect(!table.stdout.contains("accepted  "), "\(table)")
    }
  }

  @Test func aDateInTheFutureIsRefusedAndHasNoAge() throws {
    try Days.with { days in
      func fetch(_ stamp: String, rows: Int) throws -> LogLine? {
        let lines = [Days.header, stamp + String(repeating: ",", count: 15)] + Days.records(rows)
        let source = days.workshop.file(lines.joined(separator: "\n") + "\n")
        let ended = try days.workshop.succeed("fetch", "--source", source, variables: ["LOG_FORMAT": "json"])
        try days.workshop.succeed("transform")
        return try LogLine.read(ended.stderr).last
      }
      let fields = try #require(try fetch("01-DEC-99", rows: 200)?.fields)
      #expect(fields["source_date"]?.string == "2099-12-01" && fields["source_age_days"] == nil)
      expect(try days.load(), from: "load", fails: 65, saying: "its source date 2099-12-01 is ")
      try days.succeed("--accept", "the year is known to be wrong")
      let status = try days.workshop.succeed("load", "status", variables: days.variables)
      #expect(status.stdout.contains("source date 2099-12-01, in the future"), "\(status)")
      _ = try fetch("01-SEP-26", rows: 201)
      try days.succeed()
    }
  }

  /// It is published under its first date, but the source is as old as its newest date.
  @Test func theAgeOfASourceThatRepeatsItsContentIsThatOfItsNewestDate() throws {
    try Days.with { days in
      for day in [1, 3] {
        try days.fetch(Days.records(200), day: day)
        try days.succeed()
      }
      let status = try days.workshop.succeed("load", "status", variables: days.variables).stdout
      #expect(status.contains("source date 2026-09-01; its content is the same as that of 2026-09-03, "), "\(status)")
      let document = try JSON(days.workshop.succeed("load", "status", "--json", variables: days.variables).stdout)
      #expect(document["source_date"]?.string == "2026-09-03")
      #expect(document["database"]?["last_publication"]?["source_date"]?.string == "2026-09-01")
    }
  }

  @Test func boundsAreOptionsAndVariables() throws {
    try Days.with { days in
      try days.fetch(Days.records(200), day: 1)
      try days.succeed()
      try days.fetch(Days.records(170), day: 2)
      #expect(try days.load().code == 65)
      #expect(try days.load("--max-decrease", "14.9%").code == 65)
      #expect(try days.load(variables: ["MAX_DECREASE": "14"]).code == 65)
      // An option takes precedence over its variable.
      #expect(try days.load("--max-decrease", "1%", variables: ["MAX_DECREASE": "50%"]).code == 65)
      #expect(try days.load("--max-decrease", "15%", "--max-change", "14%").code == 65)
      try days.succeed("--max-decrease", "15%", "--max-change=15", variables: ["MAX_CITY_LOSS": "15%"])
      try days.fetch(Days.records(200), day: 3)
      #expect(try days.load().code == 65)
      try days.succeed(variables: ["MAX_INCREASE": "20%"])
    }
  }

  @Test func anAcceptedSnapshotStaysAcceptedInTheNextRun() throws {
    try Days.with { days in
      let text = Source.plain(rows: 100, bad: 5)
      let source = days.workshop.file(text)
      func run(_ arguments: String...) throws -> [Int32?] {
        let stages = [
          ("fetch", ["--source", source]), ("transform", arguments), ("load", arguments),
        ]
        var codes: [Int32?] = []
        for (stage, arguments) in stages {
          codes.append(try days.workshop.command(stage, arguments, days.variables).run().code)
          if codes.last != 0 { break }
        }
        return codes
      }
      #expect(try run() == [0, 65])
      #expect(try run("--accept", "five bad ones are known") == [0, 0, 0])
      #expect(try run() == [0, 0, 0])
      #expect(try days.database.rows("SELECT accept_reason FROM publication") == ["five bad ones are known"])
      let unchanged = try JSON(try days.succeed("--json").stdout)
      #expect(unchanged["status"]?.string == "unchanged")
      // The acceptance does not apply to another source.
      _ = days.workshop.file(Source.plain(rows: 100, bad: 6))
      #expect(try run() == [0, 65])
    }
  }
}
