import ArgumentParser
import CommandKit
import FuzzTargets
import Glibc
import Support
import Synchronization

/// Runs all cases of one target in parallel.
struct TargetRun {
  let cases: Int
  let seed: UInt64
  let jobs: Int
  let watch: CaseWatch

  func run<Target: FuzzTarget>(_ type: Target.Type) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let found = FirstFound<Target>()
    let (cases, seed, jobs, watch) = (cases, seed, jobs, watch)
    watch.begin(Target.name)
    try Workers.run(jobs) { worker in
      var campaign = try Campaign<Target>()
      let share = (cases - worker + jobs - 1) / jobs
      let mismatch = campaign.run(share, seed: seed &+ UInt64(worker), stride: UInt64(jobs)) { seed in
        watch.note(worker, seed)
        return !found.isThere
      }
      watch.rest(worker)
      if let mismatch { found.keep(mismatch) }
    }
    let seconds = FuzzCommand.seconds(clock.now - start)
    guard let mismatch = found.mismatch else {
      print("\(Target.name): \(cases) cases, \(Int(Double(cases) / seconds)) per second")
      // Output to a file would otherwise appear only at the end.
      fflush(nil)
      return
    }
    let path = "fuzz-\(Target.name)-\(mismatch.seed).bin"
    try InputFile.write(mismatch.input, to: path)
    print("\(Target.name): seed \(mismatch.seed): \(mismatch.what)")
    print("wrote the input to \(path); to run it again: fuzz --target \(Target.name) --input \(path)")
    throw ExitCode(1)
  }
}

/// The first mismatch that a worker found.
private final class FirstFound<Target: FuzzTarget>: Sendable {
  private let kept = Mutex<Campaign<Target>.Mismatch?>(nil)
  private let there = Atomic<Bool>(false)

  var isThere: Bool { there.load(ordering: .relaxed) }
  var mismatch: Campaign<Target>.Mismatch? { kept.withLock { $0 } }

  func keep(_ mismatch: Campaign<Target>.Mismatch) {
    kept.withLock { if $0 == nil { $0 = mismatch } }
    there.store(true, ordering: .relaxed)
  }
}
