import Glibc
import Synchronization

/// Tracks the running cases and prints their seeds on a crash. A case that takes too long or too much memory ends the
/// process, also with their seeds.
final class CaseWatch: Sendable {
  private static let secondsMax = 30
  private static let bytesMax = 1 << 30

  private let board: CaseBoard
  private let ended = Mutex(false)

  init(jobs: Int) {
    board = CaseBoard(jobs: jobs)
    board.nameOnCrash()
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self)
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<CaseWatch>.fromOpaque(context).takeRetainedValue().look() }
        return nil
      }, context.toOpaque())
    pthread_detach(thread)
  }

  func begin(_ target: String) { board.target(target) }
  func note(_ worker: Int, _ seed: UInt64) { board.note(worker, seed) }
  func rest(_ worker: Int) { board.rest(worker) }
  func end() { ended.withLock { $0 = true } }

  private func look() {
    var last = board.counts
    var still = last.map { _ in 0 }
    while !ended.withLock({ $0 }) {
      sleep(1)
      let counts = board.counts
      for worker in counts.indices {
        // Each worker is timed by itself: long cases of several workers may follow one another.
        still[worker] = counts[worker] == last[worker] && counts[worker] >= 0 ? still[worker] + 1 : 0
      }
      last = counts
      if still.contains(where: { $0 > Self.secondsMax }) {
        board.giveUp("a case takes more than \(Self.secondsMax) s")
      }
      if Memory.now > Self.bytesMax { board.giveUp("more than \(Self.bytesMax >> 20) MiB of memory are in use") }
    }
  }
}

/// The seeds of the running cases, in memory that a signal handler may read.
final class CaseBoard: @unchecked Sendable {
  private let jobs: Int
  /// Each worker's seed, and the number of its cases so far (-1 while it is idle).
  private let seeds: UnsafeMutablePointer<UInt64>
  private let numbers: UnsafeMutablePointer<Int>
  private let name: UnsafeMutablePointer<CChar>
  private static let nameMax = 64

  init(jobs: Int) {
    self.jobs = jobs
    seeds = .allocate(capacity: jobs)
    seeds.initialize(repeating: 0, count: jobs)
    numbers = .allocate(capacity: jobs)
    numbers.initialize(repeating: -1, count: jobs)
    name = .allocate(capacity: Self.nameMax)
    name.initialize(repeating: 0, count: Self.nameMax)
  }

  var counts: [Int] { (0..<jobs).map { numbers[$0] } }

  func target(_ text: String) { strncpy(name, text, Self.nameMax - 1) }

  func note(_ worker: Int, _ seed: UInt64) {
    seeds[worker] = seed
    numbers[worker] += numbers[worker] < 0 ? 2 : 1
  }

  func rest(_ worker: Int) { numbers[worker] = -1 }

  func giveUp(_ why: String) -> Never {
    InputFile.tell(why)
    tell()
    _exit(1)
  }

  /// Prints the seeds. Allocates no memory and takes no lock, because a signal handler calls it.
  private func tell() {
    for worker in 0..<jobs where numbers[worker] >= 0 {
      write("under way: fuzz --target ", 25)
      _ = Glibc.write(2, name, strlen(name))
      write(" --cases 1 --seed ", 18)
      var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
      withUnsafeMutableBytes(of: &digits) { bytes in
        var start = bytes.count
        var rest = seeds[worker]
        repeat {
          start -= 1
          bytes[start] = UInt8(truncatingIfNeeded: 48 + rest % 10)
          rest /= 10
        } while rest > 0
        if let base = bytes.baseAddress { _ = Glibc.write(2, base + start, bytes.count - start) }
      }
      write("\n", 1)
    }
  }

  private func write(_ text: StaticString, _ count: Int) { _ = Glibc.write(2, text.utf8Start, count) }

  func nameOnCrash() {
    crashing = Unmanaged.passRetained(self)
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
      signal(number) { number in
        signal(number, SIG_DFL)
        crashing?.takeUnretainedValue().tell()
        raise(number)
      }
    }
  }
}

/// Set once, before any case runs.
nonisolated(unsafe) private var crashing: Unmanaged<CaseBoard>?

enum Memory {
  static var peak: Int {
    var usage = rusage()
    getrusage(0, &usage)  // of this process
    return usage.ru_maxrss << 10
  }

  static var now: Int {
    guard let text = try? InputFile.read("/proc/self/statm") else { return 0 }
    let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
  }
}
