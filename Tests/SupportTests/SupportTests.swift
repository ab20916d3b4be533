import Glibc
import Support
import TestSupport
import Testing

@Suite("Helpers that every module uses")
struct SupportTests {
  @Test("a hint's command has the spool and the database of the failed command")
  func hints() {
    let hint: Hint = "\(command: .load, "--force") or \(command: .fetch)"
    #expect(
      hint.text(spool: "/a b", databaseURL: "postgresql:///x")
        == "./pipeline.sh load --spool '/a b' --database-url 'postgresql:///x' --force or ./pipeline.sh fetch --spool '/a b'"
    )
    #expect(hint.description == "./pipeline.sh load --force or ./pipeline.sh fetch")
  }

  @Test("a short write is continued, and an interrupted write is repeated")
  func shortWrites() throws {
    var taken: [UInt8] = []
    var calls = 0
    try Array("business".utf8).withUnsafeBytes { bytes in
      try FileCalls.writeAll(bytes, to: -1) { _, rest in
        calls += 1
        if calls == 2 {
          errno = EINTR
          return -1
        }
        taken += rest.prefix(3)
        return min(3, rest.count)
      }
    }
    #expect(taken == Array("business".utf8) && calls == 4)
  }

  @Test("a write of zero bytes is an error and is not repeated", .timeLimit(.minutes(1)))
  func emptyWrites() {
    #expect(throws: SystemError(EIO)) {
      try [1, 2, 3].withUnsafeBytes { try FileCalls.writeAll($0, to: -1) { _, _ in 0 } }
    }
    #expect(throws: SystemError(EBADF)) { try FileCalls.writeAll([1], to: -1) }
  }

  @Test("a directory's names are listed, and a failure has its error code")
  func directories() throws {
    let folder = ScratchFolder()
    _ = folder.write([], to: "b")
    _ = folder.write([], to: ".a")
    #expect(try FileCalls.names(inDirectory: folder.path).sorted() == [".a", "b"])
    #expect(throws: SystemError(ENOENT)) { try FileCalls.names(inDirectory: folder.path + "/c") }
    #expect(throws: SystemError(ENOTDIR)) { try FileCalls.names(inDirectory: folder.path + "/b") }
  }

  @Test("numbers are padded with zeros, and a BAN has eight digits")
  func padding() {
    #expect(7.padded(3) == "007" && 1234.padded(3) == "1234" && UInt64(255).padded(4, radix: 16) == "00ff")
    #expect(BANText.text(1234) == "00001234")
    #expect(BANText.parse("00001234") == 1234)
    for text in ["", "1234567", "123456789", "1234567x", "１２３４５６７８", "+1234567"] {
      #expect(BANText.parse(text) == nil)
    }
  }

  @Test("a JSON string is escaped, and cut at its limit")
  func json() {
    #expect(JSONText.quoted("a\"\\\n\r\t\u{0}\u{1F}é\u{2028}") == "\"a\\\"\\\\\\n\\r\\t\\u0000\\u001fé\u{2028}\"")
    #expect(JSONText.quoted("商行有限公司", scalarsMax: 2) == "\"商行…\"")
    #expect(JSONText.quoted("商行", scalarsMax: 2) == "\"商行\"")
  }

  @Test("arrays are written in PostgreSQL's syntax")
  func arrays() {
    #expect(PostgresArray.of(["a", "", "NULL", "b,c", "\"\\"]) == "{\"a\",\"\",\"NULL\",\"b,c\",\"\\\"\\\\\"}")
    #expect(PostgresArray.of(bans: [12, 75_002_434]) == "{00000012,75002434}")
    #expect(PostgresArray.of([]) == "{}")
  }

  @Test("line feeds are counted at every offset of a block of 64 bytes")
  func lineFeeds() {
    for count in 0..<200 {
      let bytes = (0..<count).map { UInt8($0 % 7 == 0 ? 0x0A : 0x8A) }
      #expect(bytes.withUnsafeBytes { LineFeeds.count($0) } == (count + 6) / 7)
    }
  }

  @Test("a child has only the streams that it is given, and ignores no signals")
  func child() throws {
    let folder = ScratchFolder()
    // Opened without O_CLOEXEC, as a library may do.
    let leaked = open("/dev/null", O_RDONLY)
    defer { close(leaked) }
    signal(SIGUSR2, SIG_IGN)
    defer { signal(SIGUSR2, SIG_DFL) }
    let script = "ls /proc/self/fd | tr '\\n' ' '; echo to-six >&6; grep SigIgn /proc/self/status; exit 3"
    var process = ChildProcess(["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"])
    process.stdout = .file(folder.path + "/out")
    process.others = [6: .file(folder.path + "/six", truncate: true)]
    let child = try process.start()
    #expect(try ChildProcess.end(of: child, wait: true) == .exit(3))
    let lines = String(decoding: ScratchFolder.read(folder.path + "/out") ?? [], as: UTF8.self).split(separator: "\n")
    // ls opens the directory itself, as 3.
    #expect(lines.first?.hasPrefix("0 1 2 3 6 SigIgn:") == true, "\(lines)")
    // Signals 32 and 33 are the C library's own.
    let ignored = try #require(lines.first?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
    #expect(ignored & 0x7FFF_FFFF == 0)
    #expect(ScratchFolder.read(folder.path + "/six") == Array("to-six\n".utf8))
    #expect(throws: SystemError(ECHILD)) { try ChildProcess.end(of: child) }
    #expect(throws: SystemError(ENOENT)) { try ChildProcess(["/nonexistent"], environment: [:]).start() }
  }
}
