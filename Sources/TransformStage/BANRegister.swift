import Records
import Synchronization

/// BANs of the chunks that this process has judged, whichever came first: whether one stands in two chunks is known from
/// them, and the rows need not be read again to see it.
final class BANRegister: Sendable {
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
      bans.each { if !state.bitmap.insert($0) { state.areDistinct = false } }
    }
  }

  /// Whether it is known of this many chunks, all that there are, that no two have the same BAN.
  func areDistinct(acrossChunks count: Int) -> Bool { state.withLock { $0.chunks == count && $0.areDistinct } }
}
