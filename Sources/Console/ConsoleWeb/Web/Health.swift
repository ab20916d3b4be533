import ConsoleQueries
import ConsoleStore
import FoundationEssentials
import Hummingbird
import Postgres

/// Tells monitoring whether pages work, by reading what pages read, with their role. Requests at the same time share
/// one attempt, since `/healthz` needs no log-in.
actor Health {
  private var attempt: Task<String?, Never>?
  private var triedAt: ContinuousClock.Instant?
  /// How long an answer is repeated.
  private static let shelfLife = Duration.seconds(1)
  /// Pages that take longer count as failed.
  private static let patience = Duration.seconds(3)

  func answer(_ site: Site) async -> Response {
    let problem = await problem(site)
    let words = problem.map { "\"unavailable\",\"reason\":\"\($0)\"" } ?? "\"ok\""
    return Response(
      status: problem == nil ? .ok : .serviceUnavailable,
      headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: "{\"status\":\(words)}\n")))
  }

  /// The reason in one word; nil if pages work.
  private func problem(_ site: Site) async -> String? {
    if let attempt, triedAt.map({ $0.duration(to: .now) < Self.shelfLife }) ?? true { return await attempt.value }
    let attempt = Task { await Self.withinTime { await Self.read(site) } }
    (self.attempt, triedAt) = (attempt, nil)
    let problem = await attempt.value
    triedAt = .now
    return problem
  }

  /// What the first page reads.
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
      // Tables or columns are missing: another version's schema.
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

  /// The caller does not wait for a session that does not answer; the attempt continues on its own.
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
