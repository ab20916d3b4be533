import ArgumentParser
import CommandKit
import FaultInjection
import FetchStage
import Spool
import Support

@main
struct Fetch: StageCommand {
  static let stage = "fetch"
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Fetch the source into the spool, in chunks that end at record ends.",
    discussion: """
      The variables https_proxy, all_proxy and no_proxy set proxies. SSL_CERT_FILE and SSL_CERT_DIR replace the \
      system's certificates, for example by those of a company proxy.
      """,
    version: productVersion, subcommands: [FetchInChain<RunOptions>.self, FetchInChain<DryRunOptions>.self])

  @OptionGroup var source: SourceOptions
  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var force: ForceOptions
  @OptionGroup var output: OutputOptions

  static func main() { start(FaultPoint.fetch) }

  func perform(_ run: inout StageRun) throws { try run.fetch(FetchSettings(source, spoolOptions, force)) }
}

/// Fetch as the first stage of `run` and `dry-run`.
struct FetchInChain<Options: SourceChainOptions>: ChainedStage {
  static var stage: String { Fetch.stage }
  @OptionGroup var options: Options

  private func settings() throws -> FetchSettings { try FetchSettings(options.source, options.spool, options.force) }

  func requireValid() throws {
    try options.requireValid()
    _ = try settings()
  }

  func perform(_ run: inout StageRun) throws { try run.fetch(settings()) }
}

extension StageRun {
  fileprivate mutating func fetch(_ settings: FetchSettings) throws {
    let outcome = try Fetcher.run(settings, log: log)
    let manifest = outcome.manifest
    summary.snapshot = outcome.folder.id.description
    summary.source = manifest.source.url
    summary.sourceDate = manifest.sourceDate
    if case .unchanged = outcome {
      result = "unchanged"
      summary.status = .unchanged
    } else {
      records = manifest.csv.records
      log.info("snapshot \(outcome.folder.id): \(manifest.csv.records) records in \(manifest.chunks.count) chunks")
    }
  }
}

extension FetchSettings {
  fileprivate init(_ options: SourceOptions, _ spool: SpoolOptions, _ force: ForceOptions) throws {
    func number(_ text: String?, _ name: String) throws -> Int? {
      try Environment.number(text, named: name, variable: nil, in: 1...SpoolFormat.numberMax)
    }
    let chunkSize = try Environment.number(
      options.chunkSize, named: "--chunk-size", variable: "CHUNK_SIZE", in: 1...10_000_000)
    let limit = try number(options.limit, "--limit")
    guard !options.sample || options.source == nil else {
      throw Failure(.usage, "--sample and --source exclude each other", hint: "give one of them")
    }
    let location: SourceLocation
    if options.sample {
      location = .sample(path: try SampleFile.path())
    } else if let source = options.source {
      location = try SourceLocation(source, isArgument: true)
    } else {
      location = try Environment.value("SOURCE_URL").map { try SourceLocation($0, isArgument: false) } ?? .published
    }
    self.init(
      spool: spool.path, location: location,
      terms: FetchTerms(chunkSize: chunkSize ?? 50_000, limit: limit, sample: options.sample), force: force.force)
    if location == .published { fallback = .publishedCSV }
    caFile = Environment.value("SSL_CERT_FILE")
    caFolder = Environment.value("SSL_CERT_DIR")
    if let bytes = try number(options.maxBytes, "--max-bytes") { bytesMax = bytes }
    if let seconds = try number(options.timeout, "--timeout") { secondsMax = Double(seconds) }
    if let seconds = try number(options.connectTimeout, "--connect-timeout") { connectTimeoutSeconds = seconds }
    if let seconds = try number(options.stallTimeout, "--stall-timeout") { stallSeconds = seconds }
  }
}
