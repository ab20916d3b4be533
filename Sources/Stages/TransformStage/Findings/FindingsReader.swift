import CommandKit
import Spool
import Support

/// Reads the findings of a snapshot line by line, and selects those that the settings ask for.
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
  /// The snapshot to compare with; nil if all findings are listed, or if there is none.
  let previous: FindingsSnapshot?
  private let codes: Set<String>
  /// 64-bit hashes of the findings of the previous snapshot.
  private let known: Set<Int>

  init(_ settings: FindingsSettings) throws {
    snapshot = try FindingsSnapshot(settings.folder)
    previous = settings.onlyNew ? try snapshot.previous() : nil
    codes = settings.codes
    // Checked first, so that no finding is shown if a file is damaged.
    for file in snapshot.files { try file.check() }
    if let previous { known = try Self.identities(previous, codes) } else { known = [] }
  }

  private static func identities(_ snapshot: FindingsSnapshot, _ codes: Set<String>) throws -> Set<Int> {
    var identities: Set<Int> = []
    try read(snapshot, codes) { members, _ in identities.insert(members.identity) }
    return identities
  }

  /// Calls `body` with each selected finding.
  ///
  /// - Returns: the number of selected findings by code.
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

  private static func noFinding(_ file: VerifiedFile) -> Failure { file.damaged("it has a line that is not a finding") }
}
