import ArgumentParser
import CommandKit
import FuzzTargets
import Glibc
import Support

@main
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Feeds hostile bytes to every reader and checks the results against a reference implementation.",
    discussion: """
      Targets: \(fuzzTargets.map { $0.name }.joined(separator: ", ")).

      The same seed gives the same cases on every machine. If a case fails, its seed is printed and its minimised \
      input is written to fuzz-TARGET-SEED.bin. A crash prints the seeds of the running cases.

      All targets:    fuzz --cases 10000000 --seed 1 --jobs 2
      One case again: fuzz --target manifest --cases 1 --seed 4711
      A file again:   fuzz --target manifest --input fuzz-manifest-4711.bin
      """)

  @Option(help: "Run only this target. Repeat it for several. (default: all)")
  var target: [String] = []

  @Option(help: "Number of cases, all targets together.")
  var cases = 100_000

  @Option(help: "Seed of the first case. (default: random, printed)")
  var seed: UInt64?

  @Option(help: "Number of cases to run in parallel.")
  var jobs = Workers.coreCount

  @Option(help: ArgumentHelp("Run this file as the only case.", valueName: "file"))
  var input: String?

  @Option(
    help: ArgumentHelp("Write each case to a file in this folder instead of running it.", valueName: "folder"))
  var corpus: String?

  func validate() throws {
    for name in target where fuzzTarget(named: name) == nil { throw ValidationError("unknown target '\(name)'") }
    if input != nil && target.count != 1 { throw ValidationError("--input requires exactly one --target") }
    if jobs < 1 || cases < 1 { throw ValidationError("--jobs and --cases must be at least 1") }
  }

  func run() throws {
    let chosen = target.isEmpty ? fuzzTargets : target.compactMap { fuzzTarget(named: $0) }
    if let input { return try replay(chosen[0], input) }
    let first = seed ?? UInt64.random(in: 0..<1 << 32)
    if let corpus { return try write(chosen, first, to: corpus) }
    print("seed \(first), \(jobs) jobs")
    let watch = CaseWatch(jobs: jobs)
    defer { watch.end() }
    let shares = chosen.reduce(0) { $0 + $1.share }
    var total = 0
    let clock = ContinuousClock()
    let start = clock.now
    for type in chosen {
      let count = max(1, cases * type.share / shares)
      try TargetRun(cases: count, seed: first, jobs: jobs, watch: watch).run(type)
      total += count
    }
    let rate = Double(total) / Self.seconds(clock.now - start)
    print("\(total) cases without a failure, \(Int(rate)) per second, peak memory \(Memory.peak >> 20) MiB")
  }

  private func replay(_ type: any FuzzTarget.Type, _ path: String) throws {
    func replay<Target: FuzzTarget>(_ type: Target.Type) throws {
      var target = try Target()
      guard let what = target.problem(try InputFile.read(path)) else { return print("no failure") }
      print("\(Target.name): \(what)")
      throw ExitCode(1)
    }
    try replay(type)
  }

  private func write(_ types: [any FuzzTarget.Type], _ first: UInt64, to folder: String) throws {
    func write<Target: FuzzTarget>(_ type: Target.Type) throws {
      let target = try Target()
      for index in 0..<cases {
        let seed = first &+ UInt64(index)
        try InputFile.write(target.input(seed: seed), to: "\(folder)/\(Target.name)-\(seed)")
      }
    }
    for type in types { try write(type) }
  }

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}
