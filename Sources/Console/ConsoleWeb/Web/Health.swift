import ConsoleQueries
import ConsoleStore
import FoundationEssentials
import Hummingbird
import Postgres

/// Answers `/healthz`: it reads what pages read, with their role. Simultaneous requests share one attempt, since the
/// path needs no log-in.
actor Health {
  private var attempt: Task<String?, Never>?
  private var triedAt: ContinuousClock.Instant?
  /// How long an answer is reused.
  private static let shelfLife = Duration.seconds(1)
  /// The time limit of an attempt; a slower one counts as failed.
  private static let patience = Duration.seconds(3)

  func answer(_ site: Site) async -> Response {
    let problem = await problem(site)
    let words = problem.map { "\"unavailable\",\"reason\":\"\($0)\"" } ?? "\"ok\""
    return Response(
      status: problem == nil ? .ok : .serviceUnavailable,
      headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: "{\"status\":\(words)}\n")))
  }

  /// Returns the reason in one word; nil if pages work.
  private func problem(_ site: Site) async -> String? {
    if let attempt, triedAt.map({ $0.duration(to: .now) < Self.shelfLife }) ?? true { return await attempt.value }
    let attempt = Task { await Self.withinTime { await Self.read(site) } }
    (self.attempt, triedAt) = (attempt, nil)
    let problem = await attempt.value
    triedAt = .now
    return problem
  }

  /// Reads what the overview reads.
  private static func read(_ site: Site) async -> String? {
    do {
      _ = try await site.readRegistry(nil) { connection in
        (try JobRuns.page(&connection, limit: 1).runs, try JobRuns.published(&connection))
      }
      try await site.store.run { connection in
        _ = try Sessions.find("", kind: .browser, on: &connection)
        _ = try Tasks.list(limit: 1, on: &connection)
      }
      _ = try await site.settings.runs()
      return nil
    } catch let error as PostgresError where error.kind == .statement {
      // Tables or columns are missing: the schema belongs to another version.
      return "schema"
    } catch {
      switch Problem(error).text {
      case "problem_no_right": return "rights"
      case "problem_busy": return "busy"
      case "problem_no_spool": return "spool"
      case "problem_too_slow": return "slow"
      default: return "database"
      }
    }
  }

  /// Returns the result of `body`, or `slow` after the time limit.
  private static func withinTime(_ body: @escaping @Sendable () async -> String?) async -> String? {
    let (answers, continuation) = AsyncStream.makeStream(of: String?.self)
    let reading = Task { continuation.yield(await body()) }
    let waiting = Task {
      try await Task.sleep(for: patience)
      continuation.yield("slow")
    }
    defer {
      reading.cancel()
      waiting.cancel()
    }
    for await answer in answers { return answer }
    return "slow"
  }
}
