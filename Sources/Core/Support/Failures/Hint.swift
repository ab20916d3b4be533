import Glibc

/// A command of `pipeline.sh` in hints.
public enum PipelineCommand: String, Sendable {
  case run, fetch, transform, load, findings, rollback, status, psql, selftest, console, schedule
  case dryRun = "dry-run"

  /// The name of the script: `./pipeline.sh`, or what an installation calls it (`PIPELINE_NAME`).
  public static let script: String = {
    guard let name = getenv("PIPELINE_NAME").map({ String(cString: $0) }), !name.isEmpty,
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "./_-".contains($0)) })
    else { return "./pipeline.sh" }
    return name
  }()

  /// Whether it has the option `--spool`.
  fileprivate var hasSpool: Bool { ![.psql, .console, .schedule].contains(self) }

  /// Whether it has the option `--database-url`.
  fileprivate var hasDatabase: Bool { [.run, .dryRun, .load, .rollback, .status, .psql].contains(self) }
}

/// What to do about a failure: a sentence with commands. When it is rendered, each command gets the `--spool` and the
/// `--database-url` of the failed command, so that it can be typed as shown.
///
/// `"redo it: \(command: .transform, snapshot: id, "--force")"`
public struct Hint: Sendable, ExpressibleByStringInterpolation {
  fileprivate enum Part: Sendable {
    case text(String)
    case command(PipelineCommand, arguments: String)
  }

  fileprivate var parts: [Part]

  public init(_ text: String) { parts = [.text(text)] }
  public init(stringLiteral text: String) { self.init(text) }
  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

  public static func + (first: Hint, second: Hint) -> Hint {
    var both = first
    both.parts += second.parts
    return both
  }

  /// Renders the hint.
  ///
  /// - Parameters:
  ///   - spool: the value of the failed command's `--spool`; nil if it had none.
  ///   - databaseURL: the value of its `--database-url`, without a password; nil if it had none.
  public func text(spool: String?, databaseURL: String? = nil) -> String {
    var usesDatabase = false
    let text = parts.map { part in
      switch part {
      case .text(let text): return text
      case .command(let command, let arguments):
        usesDatabase = usesDatabase || command.hasDatabase
        return "\(PipelineCommand.script) \(command.rawValue)"
          + (command.hasSpool ? Self.option("--spool", spool) : "")
          + (command.hasDatabase ? Self.option("--database-url", databaseURL) : "") + arguments
      }
    }.joined()
    return usesDatabase && databaseURL == nil && Self.isDatabaseGiven ? text + " (with the same DATABASE_URL)" : text
  }

  /// Whether the caller set DATABASE_URL, perhaps for this command only: without it, the command in a hint would work
  /// on another database. `pipeline.sh` and the installed command set DATABASE_ORIGIN if they will set it again.
  private static let isDatabaseGiven = isSet("DATABASE_URL") && !isSet("DATABASE_ORIGIN")

  private static func isSet(_ variable: String) -> Bool { getenv(variable).map { $0.pointee != 0 } ?? false }

  private static func option(_ name: String, _ value: String?) -> String {
    value.map { " \(name) \(quoted($0))" } ?? ""
  }

  /// Quotes a value for a shell.
  private static func quoted(_ text: String) -> String {
    let plain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || "/._-".contains($0) }
    return plain
      ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var parts: [Part] = []

    public init(literalCapacity: Int, interpolationCount: Int) {}

    public mutating func appendLiteral(_ text: String) { parts.append(.text(text)) }
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      parts.append(.text(value.description))
    }

    /// - Parameter options: further arguments, as they are typed.
    public mutating func appendInterpolation(
      command: PipelineCommand, snapshot: (any CustomStringConvertible)? = nil, chunk: Int? = nil,
      _ options: String = ""
    ) {
      let words = [snapshot.map { "--snapshot \($0)" }, chunk.map { "--chunk \($0)" }, options.isEmpty ? nil : options]
      parts.append(.command(command, arguments: words.compactMap { $0 }.map { " " + $0 }.joined()))
    }
  }
}

/// Hints are equal if their texts are.
extension Hint: Equatable, CustomStringConvertible {
  public static func == (first: Hint, second: Hint) -> Bool { first.description == second.description }
  public var description: String { text(spool: nil) }
}

extension Hint {
  /// The hint about a damaged file that fetch wrote.
  public static let fetchAgain: Hint =
    "fetch the source again, with the same --source or SOURCE_URL if it was given: \(command: .fetch, "--force")"
}
