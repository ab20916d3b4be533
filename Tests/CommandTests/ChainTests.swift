import Glibc
import Spool
import TestSupport
import Testing

/// The commands of `pipeline.sh` that run several stages (`run`, `dry-run`, `rollback`): their options are declared in
/// Swift alone, and the first stage refuses wrong options of all stages.
@Suite struct ChainTests {
  struct Wrong: CustomTestStringConvertible {
    var stage = "fetch"
    var command = "run"
    var arguments: [String] = []
    var variables: [String: String] = [:]
    /// A part of the expected error message.
    var names: String

    var testDescription: String { ([command] + arguments + variables.map { "\($0)=\($1)" }).joined(separator: " ") }
  }

  private static let single: [Wrong] = [
    Wrong(arguments: ["--bogus"], names: "--bogus"), Wrong(arguments: ["bogus"], names: "bogus"),
    Wrong(arguments: ["--limit"], names: "--limit"), Wrong(arguments: ["--limit", "--json"], names: "--limit"),
    Wrong(arguments: ["--limit", "0"], names: "--limit '0'"), Wrong(arguments: ["--json=yes"], names: "--json"),
    Wrong(arguments: ["--shard", "1/2"], names: "--shard"), Wrong(arguments: ["--chunk", "1"], names: "--chunk"),
    Wrong(arguments: ["--dry-run"], names: "--dry-run"), Wrong(arguments: ["--jobs", "0"], names: "--jobs '0'"),
    Wrong(arguments: ["--jobs=257"], names: "--jobs '257'"), Wrong(variables: ["JOBS": "many"], names: "JOBS 'many'"),
    Wrong(arguments: ["--chunk-size", "x"], names: "--chunk-size 'x'"),
    Wrong(variables: ["CHUNK_SIZE": "0"], names: "CHUNK_SIZE '0'"),
    Wrong(arguments: ["--max-rejects=some"], names: "--max-rejects 'some'"),
    Wrong(variables: ["MAX_REJECTS": "101%"], names: "'101%'"),
    Wrong(arguments: ["--accept", ""], names: "--accept needs a reason"),
    Wrong(arguments: ["--accept", " \t\n"], names: "--accept needs a reason"),
    Wrong(arguments: ["--accept"], names: "--accept"), Wrong(arguments: ["--accept", "--json"], names: "--accept"),
    Wrong(arguments: ["--snapshot", "2026-09-01"], names: "'2026-09-01' is not a snapshot's name"),
    Wrong(arguments: ["--source", "http://example.org/a.csv"], names: "plain http"),
    Wrong(variables: ["SOURCE_URL": "ftp://example.org/a.csv"], names: "'ftp'"),
    Wrong(variables: ["DATABASE_URL": "registry"], names: "the database URL is not valid"),
    Wrong(variables: ["MAX_DECREASE": "x"], names: "MAX_DECREASE 'x'"),
    Wrong(variables: ["MAX_CITY_LOSS": "-5"], names: "MAX_CITY_LOSS '-5'"),
    Wrong(command: "dry-run", arguments: ["--keep", "3"], names: "--keep"),
    Wrong(command: "dry-run", arguments: ["--verify"], names: "--verify"),
    Wrong(command: "dry-run", arguments: ["--check", "--keep", "3"], names: "--keep"),
    Wrong(
      command: "dry-run", arguments: ["--max-change", "3%"], names: "accepts '--max-change' only together with --check"),
    Wrong(
      command: "dry-run", arguments: ["--database-url", "postgresql:///x"],
      names: "accepts '--database-url' only together with --check"),
    Wrong(command: "dry-run", arguments: ["--check", "--max-change", "x"], names: "--max-change 'x'"),
    Wrong(command: "dry-run", variables: ["JOBS": "0"], names: "JOBS '0'"),
  ]

  private static let bounds: [Wrong] = ["decrease", "increase", "change", "city-loss"].flatMap { bound -> [Wrong] in
    ["x", "-1%", "1e3", ",", "5%%", " 5", "1234567"].map { value in
      Wrong(arguments: ["--max-\(bound)=\(value)"], names: "--max-\(bound) '\(value)'")
    }
  }

  private static let retention: [Wrong] = ["0", "-1", "all", "1.5", "1234567"].flatMap { value -> [Wrong] in
    [
      Wrong(arguments: ["--keep=\(value)"], names: "--keep '\(value)'"),
      Wrong(variables: ["KEEP": value], names: "KEEP '\(value)'"),
      Wrong(arguments: ["--retain-days=\(value)"], names: "--retain-days '\(value)'"),
      Wrong(variables: ["RETAIN_DAYS": value], names: "RETAIN_DAYS '\(value)'"),
    ]
  }

  private static let rollback: [Wrong] = ["transform", "load"].flatMap { stage -> [Wrong] in
    [
      Wrong(stage: stage, command: "rollback", arguments: ["a", "b"], names: "'b'"),
      Wrong(stage: stage, command: "rollback", arguments: ["--accept", "why"], names: "--accept"),
      Wrong(stage: stage, command: "rollback", arguments: ["--jobs", "0"], names: "--jobs '0'"),
      Wrong(stage: stage, command: "rollback", arguments: ["2026-09-01"], names: "not a snapshot's name"),
    ]
  }

  static let wrong = single + bounds + retention + rollback

  @Test(arguments: wrong)
  func theFirstStageRefusesWrongOptionsOfAllStages(_ wrong: Wrong) throws {
    let workshop = CommandSandbox()
    let run = Run(workshop)
    let variables = run.variables.merging(["RUN_COMMAND": wrong.command, "LOG_FORMAT": "text"]) { $1 }
    let arguments = [wrong.command, "--spool", workshop.spool] + wrong.arguments
    let ended = try Command(
      program: Command.path(of: wrong.stage), arguments: arguments,
      environment: workshop.environment.merging(variables) { $1 }.merging(wrong.variables) { $1 },
      folder: workshop.scratch.path
    ).run()
    expect(ended, from: wrong.stage, fails: 64, saying: wrong.names)
    #expect(ended.stdout.isEmpty)
    #expect(try workshop.snapshots.isEmpty)
    let record = try #require(try Folder.names(workshop.spool + "/runs").first)
    let bytes = try #require(ScratchFolder.read(workshop.spool + "/runs/" + record))
    let document = try JSON(String(decoding: bytes, as: UTF8.self))
    #expect(document["command"]?.string == wrong.command && document["exit_code"]?.int == 64)
  }

  /// Every command of `pipeline.sh` with options, the binary that parses them, and its required arguments.
  static let commands: [(words: [String], program: String, needs: [String])] = [
    (["run"], "fetch", []), (["run"], "transform", []), (["run"], "load", []), (["dry-run"], "fetch", []),
    (["dry-run"], "transform", []), (["dry-run"], "load", []), (["rollback"], "transform", []),
    (["rollback"], "load", []), ([], "fetch", []), ([], "transform", []), ([], "load", []),
    (["replay"], "load", ["x"]), (["withdraw"], "load", ["x"]), (["changes"], "load", []), (["gc"], "load", []),
    (["status"], "load", []), (["runs"], "load", []), (["findings"], "transform", []),
  ]

  /// An option, whether it has a value, and its text in the help.
  struct Option: Hashable {
    var name: String
    var hasValue: Bool
    var text: String
  }

  static func options(_ program: String, _ words: [String]) throws -> [Option] {
    let help = try Command(
      program: Command.path(of: program), arguments: words + ["--help"], environment: CommandSandbox().environment
    ).run()
    #expect(help.code == 0, "\(help)")
    var options: [Option] = []
    for line in help.stdout.split(separator: "\n") {
      if let match = line.wholeMatch(of: #/  (?:-h, )?(--[a-z-]+)( <.*?>)?(.*)/#) {
        options.append(Option(name: String(match.1), hasValue: match.2 != nil, text: String(match.3)))
      } else if line.hasPrefix("      "), !options.isEmpty {
        options[options.count - 1].text += " " + line.drop { $0 == " " }
      }
    }
    return options.filter { $0.name != "--help" && $0.name != "--version" }
  }

  /// A command accepts exactly the options in its help, so that no option is ignored silently. All stages of a command
  /// accept the same options.
  @Test func aCommandAcceptsExactlyTheOptionsInItsHelp() throws {
    var lists: [[Option]] = []
    for command in Self.commands { lists.append(try Self.options(command.program, command.words)) }
    let all = Set(lists.joined().map { Option(name: $0.name, hasValue: $0.hasValue, text: "") })
    #expect(all.count > 30)
    for (command, list) in zip(Self.commands, lists) {
      let listed = Set(list.map(\.name))
      #expect(listed.count == list.count && !listed.isEmpty)
      func refused(_ options: [Option]) throws -> Ended {
        let words = options.flatMap { $0.hasValue ? [$0.name, "x"] : [$0.name] }
        return try Command(
          program: Command.path(of: command.program),
          arguments: command.words + command.needs + words + ["--no-such-option"],
          environment: CommandSandbox().environment
        ).run()
      }
      let taken = try refused(list)
      expect(taken, from: command.program, fails: 64, saying: "Unknown option '--no-such-option'")
      for option in all where !listed.contains(option.name) {
        expect(try refused([option]), from: command.program, fails: 64, saying: "Unknown option '\(option.name)'")
      }
    }
    for (command, list) in zip(Self.commands, lists) where !command.words.isEmpty {
      for (other, otherList) in zip(Self.commands, lists) where other.words == command.words {
        #expect(list == otherList, "\(command) \(other)")
      }
    }
  }

  /// `./pipeline.sh --help` works before anything is built. Its text about run's options agrees with Swift's.
  @Test func theScriptsHelpListsTheOptionsOfRun() throws {
    let path = Folder.of(Folder.of(Folder.of(#filePath))) + "/Sources/pipeline/usage.txt"
    let usage = String(decoding: try #require(ScratchFolder.read(path)), as: UTF8.self)
    let lines = usage.split(separator: "\n").compactMap { $0.firstMatch(of: #/^  (--[a-z-]+)( .*)$/#) }
    let options = try Self.options("fetch", ["run"])
    #expect(lines.map { String($0.1) }.sorted() == options.map(\.name).sorted())
    for line in lines {
      guard let option = options.first(where: { $0.name == line.1 }) else { continue }
      let said = line.2.replacing(",000", with: "000")
      for fact in said.matches(of: /[A-Z]+_[A-Z_]+|JOBS|KEEP|\d+%?/).map({ String($0.output) }) {
        #expect(option.text.contains(fact), "\(line.0)\n\(option)")
      }
    }
  }
}
