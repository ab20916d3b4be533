import ArgumentParser
import Support

/// The options of a `pipeline.sh` command that runs several stages. Each stage parses all of them and uses its own, so
/// the first one refuses a wrong option before any work is done.
public protocol ChainOptions: ParsableArguments {
  static var command: PipelineCommand { get }
  /// The names of the chain's stages, in order.
  var stages: [String] { get }
  var spool: SpoolOptions { get }
  var output: OutputOptions { get }

  /// Validates all values, including those of variables.
  ///
  /// - Throws: category `usage`.
  func requireValid() throws(Failure)
}

/// A chain that begins with fetch.
public protocol SourceChainOptions: ChainOptions {
  var source: SourceOptions { get }
  var stage: SnapshotStageOptions { get }
  var force: ForceOptions { get }
}

/// `./pipeline.sh run`: fetch, transform and load.
public struct RunOptions: SourceChainOptions {
  public static let command = PipelineCommand.run
  public var stages: [String] { ["fetch", "transform", "load"] }
  @OptionGroup public var spool: SpoolOptions
  @OptionGroup public var source: SourceOptions
  @OptionGroup public var stage: SnapshotStageOptions
  @OptionGroup public var force: ForceOptions
  @OptionGroup public var database: DatabaseOptions
  @OptionGroup public var gate: GateOptions
  @OptionGroup public var retention: RetentionOptions
  @OptionGroup public var verify: VerifyOptions
  @OptionGroup public var output: OutputOptions

  public init() {}

  public func requireValid() throws(Failure) {
    try stage.requireValid()
    try database.requireValid()
    _ = try gate.resolve()
    _ = try retention.resolve()
  }
}

/// `./pipeline.sh dry-run`: fetch and transform, and with `--check` a comparison with the database.
public struct DryRunOptions: SourceChainOptions {
  public static let command = PipelineCommand.dryRun
  public var stages: [String] { ["fetch", "transform"] + (check ? ["load"] : []) }
  @OptionGroup public var spool: SpoolOptions
  @OptionGroup public var source: SourceOptions
  @OptionGroup public var stage: SnapshotStageOptions
  @OptionGroup public var force: ForceOptions
  @Flag(help: "Also compare with the database: show what would change, or why the snapshot would be refused.")
  public var check = false
  @OptionGroup public var database: DatabaseOptions
  @OptionGroup public var gate: GateOptions
  @OptionGroup public var output: OutputOptions

  public init() {}

  public func requireValid() throws(Failure) {
    if !check, let option = database.databaseURL == nil ? gate.given : "--database-url" {
      throw Failure(
        .usage, "'dry-run' accepts '\(option)' only together with --check",
        hint: "add --check, or leave out '\(option)'")
    }
    try stage.requireValid()
    if check { try database.requireValid() }
    _ = try gate.resolve()
  }
}

/// `./pipeline.sh rollback`: transform and load. Transform restores the TSV files of a named snapshot, which a clean-up
/// may have removed.
public struct RollbackOptions: ChainOptions {
  public static let command = PipelineCommand.rollback
  public var stages: [String] { ["transform", "load"] }
  @Argument(
    help: ArgumentHelp("The snapshot (default: the one published before the current one).", valueName: "snapshot"))
  public var target: String?
  @OptionGroup public var spool: SpoolOptions
  @OptionGroup public var snapshot: SnapshotOptions
  @OptionGroup public var database: DatabaseOptions
  @OptionGroup public var jobs: JobsOptions
  @OptionGroup public var output: OutputOptions

  public init() {}

  /// Returns the snapshot that the argument or the option names.
  ///
  /// - Throws: category `usage` if they name different ones.
  public func named() throws(Failure) -> SnapshotOptions {
    guard let target else { return snapshot }
    guard snapshot.snapshot == nil || snapshot.snapshot == target else {
      throw Failure(.usage, "two snapshots are named: '\(target)' and '\(snapshot.snapshot ?? "")'", hint: "name one")
    }
    var named = snapshot
    named.snapshot = target
    return named
  }

  public func requireValid() throws(Failure) {
    _ = try named().resolve()
    try database.requireValid()
    _ = try jobs.resolve()
  }
}

extension SnapshotStageOptions {
  fileprivate func requireValid() throws(Failure) {
    _ = try snapshot.resolve()
    _ = try jobs.resolve()
    _ = try rejects.resolve()
    _ = try accept.resolve()
  }
}

/// A stage as part of a chain: a hidden subcommand with the chain's name.
public protocol ChainedStage: StageCommand {
  associatedtype Options: ChainOptions
  var options: Options { get }
}

extension ChainedStage {
  public static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Options.command.rawValue,
      abstract: "This stage's part of '\(PipelineCommand.script) \(Options.command.rawValue)'.",
      shouldDisplay: false)
  }

  public var spoolOptions: SpoolOptions { options.spool }
  public var output: OutputOptions { options.output }
  public var isDryRun: Bool { Options.command == .dryRun }
  public var isLast: Bool { options.stages.last == Self.stage }
  public func requireValid() throws { try options.requireValid() }
}
