import ConsoleRunner
import Glibc
import Support
import TestSupport
import Testing

@Suite("The console's name in the spool")
struct ConsoleStateFolderTests {
  @Test("the name is created once and kept")
  func stays() throws {
    let scratch = ScratchFolder()
    let first = try ConsoleStateFolder(spool: scratch.path).host
    #expect(try ConsoleStateFolder(spool: scratch.path).host == first)
    #expect(unlink(scratch.path + "/.console/name") == 0)
    #expect(try ConsoleStateFolder(spool: scratch.path).host != first)
  }

  @Test("an unreadable name is an error and is not replaced", arguments: ["folder", "link", "cut", "long"])
  func unreadable(_ kind: String) throws {
    let scratch = ScratchFolder()
    _ = try ConsoleStateFolder(spool: scratch.path)
    let file = scratch.path + "/.console/name"
    #expect(unlink(file) == 0)
    switch kind {
    case "folder": #expect(mkdir(file, 0o700) == 0)
    case "link": #expect(symlink("/nonexistent", file) == 0)
    case "cut": _ = scratch.write(Array("3fa9".utf8), to: ".console/name")
    default: _ = scratch.write(Array(repeating: 0x61, count: 1000), to: ".console/name")
    }
    #expect(throws: Failure.self) { try ConsoleStateFolder(spool: scratch.path) }
  }
}
