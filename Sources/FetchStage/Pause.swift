import Faults
import Glibc
import StageKit

enum Pause {
  /// Waits, and ends early by throwing once a signal asks the process to stop.
  static func seconds(_ seconds: Double) throws {
    if Faults.isActive { return }
    let end = Clock.monotonicSeconds() + seconds
    while true {
      try StopSignal.check()
      let left = end - Clock.monotonicSeconds()
      if left <= 0 { return }
      usleep(UInt32(min(left, 0.1) * 1_000_000))
    }
  }
}
