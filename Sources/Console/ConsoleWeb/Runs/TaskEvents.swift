import ConsoleStore
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization

/// What a page about a task under way gets as server-sent events (WHATWG HTML, section 9.2): the part that changes, as
/// HTML, and `done` when it is over.
struct TaskEvents {
  let site: Site
  let context: ConsoleContext
  let task: Int

  /// How many pages may follow runs at once, of all accounts: each reads the database every second.
  private static let readersMax = 100
  private static let readers = Atomic(0)

  /// Ends with the task, with the session, with whoever reads it, and with the console: a page that stays open must not
  /// keep it from ending.
  func send(to writer: inout any ResponseBodyWriter) async throws {
    let turn = site.eventTurns.acquire(context.session?.account ?? "")
    defer { withExtendedLifetime(turn) {} }
    let readers = Self.readers.wrappingAdd(1, ordering: .relaxed).newValue
    defer { Self.readers.subtract(1, ordering: .relaxed) }
    guard turn != nil, readers <= Self.readersMax else {
      // The browser asks again by itself, a little later.
      try await writer.write(ByteBuffer(string: "retry: 15000\n\n"))
      return try await writer.finish(nil)
    }
    var last = ""
    var quiet = 0
    while !Task.isShuttingDownGracefully, let mark = try await mark() {
      // Seconds go by also where nothing else happens.
      if mark != last || quiet % 5 == 4 {
        guard let page = try await TaskPage.read(task, site, context), !page.task.state.isOver else { break }
        try await writer.write(Self.event(site.html("run-progress", context, page.progress()) ?? ""))
      }
      quiet = mark == last ? quiet + 1 : 0
      last = mark
      try await Task.sleep(for: .seconds(1))
    }
    try await writer.write(ByteBuffer(string: "event: done\ndata:\n\n"))
    try await writer.finish(nil)
  }

  /// Changes with the task; nil where the session has ended, though its page is open.
  private func mark() async throws -> String? {
    guard let token = context.token else { return nil }
    return try await site.store.run { [task] connection in
      guard try Sessions.find(token, kind: .browser, on: &connection) != nil else { return nil }
      return try Tasks.mark(task, on: &connection)
    }
  }

  /// One event; each line of its data has a line of its own.
  private static func event(_ html: String) -> ByteBuffer {
    let lines = html.split(whereSeparator: \.isNewline).map { "data: \($0)\n" }
    return ByteBuffer(string: lines.joined() + "\n")
  }
}
