import ConsoleStore
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization

/// The server-sent events (WHATWG HTML, section 9.2) of a task under way: the part of its page that changes, as HTML,
/// and `done` when the task or the session has ended. If the console shuts down, the browser connects again by itself.
struct TaskEvents {
  let site: Site
  let context: ConsoleContext
  let task: Int

  /// The limit of simultaneous event streams of all accounts, since each one reads the database every second.
  private static let readersMax = 100
  private static let readers = Atomic(0)

  /// Sends events until the task or the session ends, the client disconnects, or the console shuts down: an open page
  /// must not delay the shutdown.
  func send(to writer: inout any ResponseBodyWriter) async throws {
    let turn = site.eventTurns.acquire(context.session?.account ?? "")
    defer { withExtendedLifetime(turn) {} }
    let readers = Self.readers.wrappingAdd(1, ordering: .relaxed).newValue
    defer { Self.readers.subtract(1, ordering: .relaxed) }
    guard turn != nil, readers <= Self.readersMax else {
      // The browser reconnects by itself after this time.
      try await writer.write(ByteBuffer(string: "retry: 15000\n\n"))
      return try await writer.finish(nil)
    }
    let text = RunText(site: site, context: context)
    var last = ""
    var quiet = 0
    var isDone = false
    while !Task.isShuttingDownGracefully {
      guard let mark = try await mark() else {
        isDone = true
        break
      }
      // The elapsed time is updated even if nothing else changes.
      if mark != last || quiet % 2 == 1 {
        guard let details = try await RunDetails.read(task: task, site), !details.run.outcome.isOver else {
          isDone = true
          break
        }
        let progress = RunPage(text: text, details).progress()
        try await writer.write(Self.event(site.html("run-progress", context, progress) ?? ""))
      }
      quiet = mark == last ? quiet + 1 : 0
      last = mark
      try await Task.sleep(for: .seconds(1))
    }
    if isDone { try await writer.write(ByteBuffer(string: "event: done\ndata:\n\n")) }
    try await writer.finish(nil)
  }

  /// Returns a text that changes with the task; nil if the session has ended or the task does not exist.
  private func mark() async throws -> String? {
    guard let token = context.token else { return nil }
    return try await site.store.run { [task] connection in
      guard try Sessions.find(token, kind: .browser, on: &connection) != nil else { return nil }
      return try Tasks.mark(task, on: &connection)
    }
  }

  /// Formats an event, with one `data:` line for each line.
  private static func event(_ html: String) -> ByteBuffer {
    let lines = html.split(whereSeparator: \.isNewline).map { "data: \($0)\n" }
    return ByteBuffer(string: lines.joined() + "\n")
  }
}
