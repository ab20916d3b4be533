import ArgumentParser
import CommandKit
import Foundation
import Postgres
import SelfTestKit
import Support

@main
struct SelfTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract:
      "Inject faults on this disk and database, and check that nothing is lost, duplicated or partly published.",
    discussion: """
      Fetches, transforms and loads a small registry in a scratch folder of the spool and in scratch schemas of the \
      database. Each command runs with a fault, then again without one, and must leave the same result as without \
      faults. The real spool and the real tables are not touched.
      """)

  @OptionGroup var spool: SpoolOptions
  @Flag(help: "Inject every fault at every point each time it is reached; otherwise one random fault per point.")
  var all = false
  @Flag(
    help: """
      Cut the power at every point instead: stop a file system in a scratch file, with a PostgreSQL on it, without \
      flushing. Needs root and loop devices.
      """)
  var power = false
  @Option(help: ArgumentHelp("File system of --power: ext4 or xfs (default: ext4).", valueName: "NAME"))
  var fileSystem = VolumeKind.ext4
  @Option(
    help: ArgumentHelp("Number of cases, drawn at random (default: all that the other options select).", valueName: "N")
  )
  var cases: Int?
  @Option(help: ArgumentHelp("Seed of the random choices (default: a new one).", valueName: "N"))
  var seed: UInt64?
  @Option(
    help: ArgumentHelp("Number of walks: several days with many faults (default: 3, with --all 20).", valueName: "N"))
  var walks: Int?
  @OptionGroup var jobs: JobsOptions
  @Flag(help: "Print the result as one JSON document.")
  var json = false

  struct Result: Codable {
    var seed: UInt64
    var seconds: Double
    var isPassed: Bool
    var matrix: MatrixReport
    var walks: [WalkReport]
  }

  func run() throws {
    StandardFiles.open()
    StopSignal.install()
    // The parent may have passed on an ignored SIGCHLD. The kernel would then keep no exit status of our children.
    signal(SIGCHLD, SIG_DFL)
    let failure: Failure
    do { return try prove() } catch let code as ExitCode { throw code } catch let error as Failure {
      failure = error
    } catch let error as PostgresError {
      failure = Failure(error)
    } catch { failure = Failure(.bug, "unexpected: \(error)", hint: "this is a bug: please report it") }
    Message.line("selftest: \(failure.withoutSecrets().message)")
    for hint in failure.hints { Message.line("HINT: \(hint)") }
    throw ExitCode(failure.category.exitCode)
  }

  private func prove() throws {
    let target = try target()
    let jobs = try jobs.resolve()
    let own = URL(fileURLWithPath: try Executable.path()).deletingLastPathComponent().path
    let seed = self.seed ?? UInt64.random(in: 1...999_999)
    let started = Date()
    let testEnvironment = try TestEnvironment(
      programs: Programs(folder: own), target: target, spool: spool.path)
    defer { try? testEnvironment.remove() }

    if !json { Table.begin(seed: seed, cutsPower: power) }
    let printsRows = !json
    let matrix = try Matrix(
      testEnvironment: testEnvironment, isWhole: all || power, casesMax: cases, seed: seed, jobs: min(jobs, 16)
    ) { report in
      if printsRows { Table.row(report) }
    }.run()
    let count = UInt64(max(0, self.walks ?? (power || cases != nil ? 0 : all ? 20 : 3)))
    let walk = try count == 0 ? nil : RandomWalk(testEnvironment: testEnvironment)
    let walks = try (0..<count).compactMap { try walk?.run(seed: seed &+ $0) }
    let isPassed = matrix.isPassed && walks.allSatisfy { $0.problems.isEmpty }
    let seconds = (Date().timeIntervalSince(started) * 10).rounded() / 10
    let result = Result(seed: seed, seconds: seconds, isPassed: isPassed, matrix: matrix, walks: walks)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      print(String(decoding: try encoder.encode(result), as: UTF8.self))
    } else {
      Table.end(result)
    }
    if !isPassed { throw ExitCode(ExitCategory.bug.exitCode) }
  }

  private func target() throws -> TestEnvironment.Target {
    let variables = ProcessInfo.processInfo.environment
    if power {
      guard let programs = variables["POSTGRES_BIN"], !programs.isEmpty else {
        throw Failure(
          .usage, "POSTGRES_BIN does not name the folder of PostgreSQL's programs",
          hint: "run '\(command: .selftest) --power': it finds them")
      }
      return .volume(fileSystem, postgres: programs)
    }
    guard let url = variables["DATABASE_URL"], !url.isEmpty else {
      throw Failure(
        .usage, "no database is given",
        hint: "set DATABASE_URL, or run '\(command: .selftest)': it starts a private PostgreSQL")
    }
    return .database(url: url)
  }
}

extension VolumeKind: ExpressibleByArgument {}

enum Message {
  static func line(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
