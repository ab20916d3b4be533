import ConsoleStore
import Glibc
import Spool
import Support

/// The console's folder in the spool, and the spool's name. By this name a worker recognizes the runs of its own spool,
/// also after a move to another machine or container.
public struct ConsoleStateFolder: Sendable {
  public let path: String
  /// The value of `console.task.host`: `<machine>/<spool>`, such as `db7/3fa9c2d1`.
  public let host: String

  /// Creates the folder, and the spool's name if it has none.
  public init(spool: String) throws {
    path = spool + "/.console"
    try Folder.make(spool, followLinks: true)
    try Folder.make(path)
    try Folder.make(path + "/tasks")
    let file = path + "/name"
    // An existing name is never replaced: otherwise no worker would find the tasks under the old name.
    if let known = try ConsoleStateFolder.word(in: file) {
      host = ConsoleStateFolder.machine + "/" + known
      return
    }
    let name = String(RandomBytes.token().prefix(8))
    try DurableFile.write(Array((name + "\n").utf8), to: file)
    host = ConsoleStateFolder.machine + "/" + name
  }

  /// Whether a task with this `host` belongs to this spool.
  func owns(_ other: String?) -> Bool { other?.split(separator: "/").last == host.split(separator: "/").last }

  private static var machine: String {
    var name = [CChar](repeating: 0, count: 65)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func word(in file: String) throws -> String? {
    guard let bytes = try SpoolFile.read(file, bytesMax: 64) else { return nil }
    let word = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" }
    guard word.utf8.count == 8 else {
      throw Failure(
        .data, "'\(file)' is damaged: it must hold the spool's ID of eight characters",
        hint: "remove it: the console creates a new one, and shows runs that are under way as cut short")
    }
    return String(word)
  }
}
