import Glibc
import Records
import Spool
import Support
import Synchronization

/// Reads the BANs of a chunk's registrations from its TSV: the first eight bytes of each row.
enum BANReader {
  /// Calls `body` with each BAN. The BANs are verified only when the call returns: the file's digest is known at its
  /// end.
  ///
  /// - Throws: category `data` if the file does not match its manifest.
  static func read(_ file: VerifiedFile, _ body: (UInt32) -> Void) throws {
    /// Number of BAN digits that are read in the current row. After eight, the rest of the row is skipped.
    var digits = 0
    var ban: UInt32 = 0
    try file.readBlocks { bytes in
      guard let base = bytes.baseAddress else { return }
      var index = 0
      while index < bytes.count {
        if digits < 8 {
          let digit = bytes[index] &- UInt8(ascii: "0")
          guard digit <= 9 else { throw file.damaged("a row does not begin with a BAN") }
          ban = ban * 10 + UInt32(digit)
          digits += 1
          index += 1
          if digits == 8 { body(ban) }
        } else if let found = memchr(base + index, 0x0A, bytes.count - index) {
          index = UnsafeRawPointer(found) - base + 1
          (digits, ban) = (0, 0)
        } else {
          index = bytes.count
        }
      }
    }
  }
}

/// A set of BANs: one bit for each of the 100 million possible BANs, 12.5 MB for a registry of any size.
struct BANBitmap {
  private var words = [UInt64](repeating: 0, count: 100_000_000 / 64)

  /// - Returns: whether the BAN was not in the set before.
  mutating func insert(_ ban: UInt32) -> Bool {
    let bit: UInt64 = 1 << UInt64(ban % 64)
    let word = Int(ban / 64)
    if words[word] & bit != 0 { return false }
    words[word] |= bit
    return true
  }
}

/// Collects the BANs of the chunks that this process validates, in any order. Shows whether two chunks have the same
/// BAN without reading their rows again.
final class DuplicateTracker: Sendable {
  private struct State {
    var bitmap = BANBitmap()
    var chunks = 0
    var areDistinct = true
  }

  private let state = Mutex(State())

  /// Adds the accepted BANs of one chunk.
  func add(_ bans: BANSet) {
    state.withLock { state in
      state.chunks += 1
      bans.forEachBAN { if !state.bitmap.insert($0) { state.areDistinct = false } }
    }
  }

  /// Whether all `count` chunks of the snapshot were added and no two of them have the same BAN.
  func areDistinct(acrossChunks count: Int) -> Bool { state.withLock { $0.chunks == count && $0.areDistinct } }
}
