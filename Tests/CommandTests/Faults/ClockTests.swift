import FoundationEssentials
import Glibc
import Postgres
import Spool
import TestCluster
import TestSupport
import Testing

/// Small libraries for LD_PRELOAD.
enum Preload {
  /// Compiles `NAME.so` in the folder.
  ///
  /// - Returns: the bytes of the library; nil if there is no C compiler.
  static func compile(_ source: String, _ name: String, in scratch: ScratchFolder) -> [UInt8]? {
    let code = scratch.write(Array(source.utf8), to: name + ".c")
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for compiler in ["clang", "cc", "gcc"] {
      for folder in folders where access("\(folder)/\(compiler)", X_OK) == 0 {
        let command = Command(
          program: "\(folder)/\(compiler)", arguments: ["-shared", "-fPIC", "-O1", "-o", name + ".so", code, "-ldl"],
          environment: ["PATH": "/usr/bin:/bin:\(folder)"], folder: scratch.path)
        if (try? command.run())?.code == 0 { return ScratchFolder.read(scratch.path + "/\(name).so") }
      }
    }
    return nil
  }
}

/// A preloaded library that shifts the clock.
enum FalseClock {
  private static let source = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <stdlib.h>
    #include <sys/time.h>
    #include <time.h>
    int clock_gettime(clockid_t clock, struct timespec *now) {
      static int (*real)(clockid_t, struct timespec *);
      if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
      int result = real(clock, now);
      const char *offset = getenv("CLOCK_OFFSET");
      if (offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += atol(offset);
      return result;
    }
    time_t time(time_t *seconds) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      if (seconds) *seconds = now.tv_sec;
      return now.tv_sec;
    }
    int gettimeofday(struct timeval *restrict time, void *restrict zone) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      time->tv_sec = now.tv_sec;
      time->tv_usec = now.tv_nsec / 1000;
      return 0;
    }

    """

  private static let scratch = ScratchFolder()

  /// The library's bytes; nil if there is no C compiler.
  static let library: [UInt8]? = Preload.compile(source, "clock", in: scratch)

  static var path: String { scratch.path + "/clock.so" }

  static func variables(days: Int) -> [String: String] { ["LD_PRELOAD": path, "CLOCK_OFFSET": "\(days * 86_400)"] }
}

@Suite(.enabled(if: FalseClock.library != nil, "no C compiler"))
struct ClockTests {
  /// The machine's clock is set back by a year each day: snapshots keep their order, and the newest stays the newest
  /// for every stage and for a clean-up.
  @Test(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
  func aClockSetBackReordersNoSnapshots() throws {
    try Days.with { days in
      var ids: [SnapshotID] = []
      for day in 1...4 {
        let variables = days.variables.merging(FalseClock.variables(days: -365 * (day - 1))) { $1 }
        let text = ([Days.header, "0\(day)-SEP-26" + String(repeating: ",", count: 15)] + Days.records(200 + day))
        let source = days.workshop.file(text.joined(separator: "\n") + "\n")
        // For a clock that is behind, the source date is in the future.
        let accept = day > 1 ? ["--accept", "the clock is wrong"] : []
        for (stage, arguments) in [("fetch", ["--source", source]), ("transform", []), ("load", accept)] {
          let ended = try days.workshop.command(
            stage, arguments + ["--json"], variables.merging(["LOG_FORMAT": "json"]) { $1 }
          ).run()
          try #require(ended.code == 0, "\(stage), day \(day): \(ended)")
          let summary = try JSON(ended.stdout)
          #expect((summary["stages"]?[stage]?["seconds"]?.number ?? -1) >= 0, "\(ended)")
          for line in try LogLine.read(ended.stderr) {
            #expect((line.fields["duration_seconds"]?.number ?? 0) >= 0, "\(ended)")
          }
          if stage == "fetch", day > 1 {
            // Checks that the clock was shifted.
            #expect(ended.stderr.contains("\"timestamp\":\"20") && !ended.stderr.isEmpty)
            let manifest = try #require(try FetchManifest.read(at: days.workshop.snapshots.last?.fetchManifest ?? ""))
            #expect(manifest.startedAt < (ids.last?.description ?? ""), "the clock was not set back")
          }
        }
        ids = try days.workshop.snapshots.map(\.id)
        #expect(ids.count == day && ids == ids.sorted())
        #expect(try days.names().count == 200 + day)
        #expect(try days.database.scalar("SELECT snapshot FROM publication ORDER BY id DESC") == ids.last?.description)
      }
      #expect(try days.database.scalar("SELECT count(*) FROM registry_as_of('2026-09-02')") == "202")
      let freed = try days.load("gc", "--keep", "2", variables: FalseClock.variables(days: -3650))
      #expect(freed.code == 0, "\(freed)")
      #expect(try days.workshop.snapshots.map(\.id) == Array(ids.suffix(2)))
      #expect(
        try days.database.scalar(
          "SELECT count(*) FROM etl_job_run WHERE completed_at < started_at OR status = 'running'")
          == "0")
    }
  }

  /// The clock of the database server is set back by three days, then forward again.
  @Test(.enabled(if: OwnServer.isAvailable, "\(OwnServer.unavailable ?? "")"))
  func loadsSucceedIfTheServersClockIsSetBack() throws {
    let server = try OwnServer()
    let days = try TwoDays()
    try days.succeed(server.url(), days.arguments(.bulk))
    try server.execute("INSERT INTO etl_job_run (run_id) VALUES ('killed run')")
    let library = try #require(FalseClock.library)
    let path = server.folder + "/clock.so"
    let file = open(path, O_WRONLY | O_CREAT, 0o755)
    _ = library.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    close(file)
    for (way, offset) in [(Way.reconcile, -3 * 86_400), (.rollback, 0)] {
      try server.stopImmediately()
      try server.start(preload: path, clockOffset: offset)
      let seconds = try server.execute("SELECT extract(epoch FROM clock_timestamp())::bigint").number ?? 0
      #expect(abs(seconds - time(nil) - offset) < 600)
      try days.succeed(server.url(), days.arguments(way))
      try expectHoldings(server.url(), after: way)
      let statuses = try server.execute("SELECT status FROM etl_job_run ORDER BY id").values.map { $0[0] ?? "-" }
      #expect(statuses == Array(["partial", "failed", "partial", "partial"].prefix(statuses.count)))
      #expect(try days.succeed(server.url(), ["status"]).stdout.contains("partial"))
    }
    // The times of a load never go back.
    #expect(
      try server.execute(
        "SELECT count(*) FROM etl_job_run WHERE completed_at < started_at AND run_id <> 'killed run'"
      ).number == 0)
  }
}
