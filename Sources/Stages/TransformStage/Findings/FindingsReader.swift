import CommandKit
import Spool
import Support

/// Goes through the findings of a snapshot, line by line, and hands on those that are asked for.
struct FindingsReader {
  /// A finding's line in its file.
  struct Line {
    let bytes: UnsafeRawBufferPointer
    let file: VerifiedFile

    func decoded() throws -> Finding {
      do { return try Finding(line: bytes) } catch is DecodingError { throw FindingsReader.noFinding(file) }
    }
  }

  let snapshot: FindingsSnapshot
  /// What it is compared with; nil where all findings are listed, or there is none.
  let previous: FindingsSnapshot?
  private let codes: Set<String>
  /// 64 bits of each finding that the snapshot before had.
  private let known: Set<Int>

  init(_ settings: FindingsSettings) throws {
    snapshot = try FindingsSnapshot(settings.folder)
    previous = settings.onlyNew ? try snapshot.previous() : nil
    codes = settings.codes
    // Nothing is shown of what turns out to be damaged.
    for file in snapshot.files { try file.check() }
    if let previous { known = try Self.identities(previous, codes) } else { known = [] }
  }

  private static func identities(_ snapshot: FindingsSnapshot, _ codes: Set<String>) throws -> Set<Int> {
    var identities: Set<Int> = []
    try read(snapshot, codes) { members, _ in identities.insert(members.identity) }
    return identities
  }

  /// - Returns: how many there were of each code.
  func read(_ body: (Line) throws -> Void) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    try Self.read(snapshot, codes) { members, line in
      guard known.isEmpty || !known.contains(members.identity) else { return }
      counts[members.codeText, default: 0] += 1
      try body(line)
    }
    return counts
  }

  private static func read(
    _ snapshot: FindingsSnapshot, _ codes: Set<String>, _ body: (FindingMembers, Line) throws -> Void
  ) throws {
    for file in snapshot.files {
      try file.readLines { bytes in
        try StopSignal.check()
        guard let members = FindingMembers(bytes) else { throw noFinding(file) }
        if codes.isEmpty || codes.contains(members.codeText) { try body(members, Line(bytes: bytes, file: file)) }
      }
    }
  }

  private static func noFinding(_ file: VerifiedFile) -> Failure { file.damaged("it has a line that is no finding") }
}
