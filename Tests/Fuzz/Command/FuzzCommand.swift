import ArgumentParser
import CommandKit
import FuzzTargets
import Glibc
import Support

@main
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Feeds hostile bytes to whatever reads bytes, and holds what comes of them against a reference.",
    discussion: """
      Targets: \(fuzzTargets.map { $0.name }.joined(separator: ", ")).

      The same seed makes the same cases on every machine. Where one goes wrong its seed is printed, and the input, made as \
      short as it gets, is written to fuzz-TARGET-SEED.bin; a crash prints the seeds of the cases that were under way.

      All targets:    fuzz --cases 10000000 --seed 1 --jobs 2
      One case again: fuzz --target manifest --cases 1 --seed 4711
      A file again:   fuzz --target manifest --input fuzz-manifest-4711.bin
      """)

  @Option(help: "Only this target; may be given again. (default: all)")
  var target: [String] = []

  @Option(help: "How many cases, all targets together.")
  var cases = 100_000

  @Option(help: "Of the first case. (default: a random one, printed)")
  var seed: UInt64?

  @Option(help: "Cases at once.")
  var jobs = Workers.coreCount

  @Option(help: ArgumentHelp("Run this file as the only case.", valueName: "file"))
  var input: String?

  @Option(
    help: ArgumentHelp("Write the cases into a folder, a file each, instead of running them.", valueName: "folder"))
  var corpus: String?

  func validate() throws {
    for name in target where fuzzTarget(named: name) == nil { throw ValidationError("no target '\(name)'") }
    if input != nil && target.count != 1 { throw ValidationError("--input needs one --target") }
    if jobs < 1 || cases < 1 { throw ValidationError("--jobs and --cases are 1 or more") }
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
    print("\(total) cases, nothing wrong, \(Int(rate)) a second, peak memory \(Memory.peak >> 20) MiB")
  }

  private func replay(_ type: any FuzzTarget.Type, _ path: String) throws {
    func replay<Target: FuzzTarget>(_ type: Target.Type) throws {
      var target = try Target()
      guard let what = target.problem(try InputFile.read(path)) else { return print("nothing wrong") }
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
