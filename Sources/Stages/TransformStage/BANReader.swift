import Glibc
import Records
import Spool
import Support
import Synchronization

/// The BANs of a chunk's registrations, read from its TSV: the first eight bytes of each row.
enum BANReader {
  /// What `body` got counts only when the call returns: only then are the file's bytes known to be those of its
  /// manifest.
  static func read(_ file: VerifiedFile, _ body: (UInt32) -> Void) throws {
    /// Bytes of the row that is being read: its first eight are kept, of the rest only the end matters.
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

/// One bit for each of the hundred million BANs that can be: 12.5 MB, whatever the size of the registry.
struct BANBitmap {
  private var words = [UInt64](repeating: 0, count: 100_000_000 / 64)

  /// - Returns: whether it was not there before.
  mutating func insert(_ ban: UInt32) -> Bool {
    let bit: UInt64 = 1 << UInt64(ban % 64)
    let word = Int(ban / 64)
    if words[word] & bit != 0 { return false }
    words[word] |= bit
    return true
  }
}

/// BANs of the chunks that this process has validated, whichever came first: whether one stands in two chunks is known
/// from them, and the rows need not be read again to see it.
final class DuplicateTracker: Sendable {
  private struct State {
    var bitmap = BANBitmap()
    var chunks = 0
    var areDistinct = true
  }

  private let state = Mutex(State())

  /// Takes the BANs that one chunk has accepted.
  func add(_ bans: BANSet) {
    state.withLock { state in
      state.chunks += 1
      bans.forEachBAN { if !state.bitmap.insert($0) { state.areDistinct = false } }
    }
  }

  /// Whether it is known of this many chunks, all that there are, that no two have the same BAN.
  func areDistinct(acrossChunks count: Int) -> Bool { state.withLock { $0.chunks == count && $0.areDistinct } }
}
