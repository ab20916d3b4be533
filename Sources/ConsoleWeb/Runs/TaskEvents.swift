import ConsoleDesk
import Hummingbird
import NIOCore
import ServiceLifecycle

/// What a page about a task under way gets as server-sent events (WHATWG HTML, section 9.2): the part that changes, as
/// HTML, and `done` when it is over.
struct TaskEvents {
  let site: Site
  let context: ConsoleContext
  let task: Int

  /// Ends with the task, with the session, with whoever reads it, and with the console: a page that stays open must not keep it
  /// from ending.
  func send(to writer: inout any ResponseBodyWriter) async throws {
    var last = ""
    var quiet = 0
    while !Task.isShuttingDownGracefully, let page = try await current(), !page.task.state.isOver {
      let html = site.html("run-progress", context, page.progress()) ?? ""
      if html != last {
        try await writer.write(Self.event(html))
      } else if quiet % 15 == 14 {
        // A proxy cuts a line that says nothing.
        try await writer.write(ByteBuffer(string: ":\n\n"))
      }
      quiet = html == last ? quiet + 1 : 0
      last = html
      try await Task.sleep(for: .seconds(1))
    }
    try await writer.write(ByteBuffer(string: "event: done\ndata:\n\n"))
    try await writer.finish(nil)
  }

  /// The task as it is now; nil where the session has ended, though its page is open.
  private func current() async throws -> TaskPage? {
    guard let token = context.token else { return nil }
    let isIn = try await site.desk.run { try Sessions.find(token, kind: .browser, on: &$0) != nil }
    return isIn ? try await TaskPage.read(task, site, context) : nil
  }

  /// One event; each line of its data has a line of its own.
  private static func event(_ html: String) -> ByteBuffer {
    let lines = html.split(whereSeparator: \.isNewline).map { "data: \($0)\n" }
    return ByteBuffer(string: lines.joined() + "\n")
  }
}
