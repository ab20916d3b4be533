import ArgumentParser
import Failures
import Faults
import FetchStage
import Spool
import StageKit

@main
struct Fetch: StageCommand {
  static let stage = "fetch"
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Bring the source into the spool, in chunks that end at record ends.",
    discussion: """
      Proxies are those of https_proxy, http_proxy, all_proxy and no_proxy. SSL_CERT_FILE and SSL_CERT_DIR name \
      certificates to trust instead of the system's, a company's for instance.
      """,
    version: productVersion)

  @Option(
    help: ArgumentHelp("URL or path of the CSV (SOURCE_URL; default: the published file).", valueName: "URL|PATH"))
  var source: String?
  @Flag(help: "Take the sample that ships with the project.")
  var sample = false
  @OptionGroup var spoolOptions: SpoolOptions
  @Option(help: ArgumentHelp("Records a chunk (CHUNK_SIZE; default: 50000).", valueName: "N"))
  var chunkSize: String?
  @Option(help: ArgumentHelp("The first N records only.", valueName: "N"))
  var limit: String?
  @Flag(help: "Take up a source that says it is unchanged.")
  var force = false
  @Option(help: ArgumentHelp("Refuse a source with more bytes (default: 4294967296).", valueName: "N"))
  var maxBytes: String?
  @Option(help: ArgumentHelp("Seconds for the whole download (default: 1800).", valueName: "N"))
  var timeout: String?
  @Option(help: ArgumentHelp("Seconds to wait for a connection (default: 30).", valueName: "N"))
  var connectTimeout: String?
  @Option(help: ArgumentHelp("Seconds at less than 1 KB/s that are no progress (default: 60).", valueName: "N"))
  var stallTimeout: String?
  @Flag(help: ArgumentHelp("Nothing is loaded after this, for pipeline.sh.", visibility: .hidden))
  var dryRun = false
  @OptionGroup var output: OutputOptions

  var isDryRun: Bool { dryRun }

  static func main() { start(FaultPoint.fetch) }

  func perform(_ run: inout StageRun) throws {
    let outcome = try Fetcher.run(settings(), log: run.log)
    let manifest = outcome.manifest
    run.summary.snapshot = outcome.folder.id.description
    run.summary.source = manifest.source.url
    run.summary.sourceDate = manifest.sourceDate
    if case .unchanged = outcome {
      run.result = "unchanged"
      run.summary.status = .unchanged
    } else {
      run.records = manifest.csv.records
      run.log.info("snapshot \(outcome.folder.id): \(manifest.csv.records) records in \(manifest.chunks.count) chunks")
    }
  }

  private func settings() throws -> FetchSettings {
    let chunkSize = try Environment.number(chunkSize, named: "--chunk-size", variable: "CHUNK_SIZE", in: 1...10_000_000)
    let limit = try Environment.number(limit, named: "--limit", variable: nil, in: 1...SpoolFormat.numberMax)
    guard !sample || source == nil else {
      throw Failure(.usage, "--sample and --source exclude each other", hint: "give one of them")
    }
    let location: SourceLocation
    if sample {
      location = .sample(path: try SampleFile.path())
    } else if let source {
      location = try SourceLocation(source, isArgument: true)
    } else {
      location = try SourceLocation(Environment.value("SOURCE_URL") ?? SourceLocation.published, isArgument: false)
    }
    var settings = FetchSettings(
      spool: spoolOptions.path, location: location,
      terms: FetchTerms(chunkSize: chunkSize ?? 50_000, limit: limit, sample: sample), force: force)
    settings.caFile = Environment.value("SSL_CERT_FILE")
    settings.caFolder = Environment.value("SSL_CERT_DIR")
    func number(_ text: String?, _ name: String) throws -> Int? {
      try Environment.number(text, named: name, variable: nil, in: 1...SpoolFormat.numberMax)
    }
    if let bytes = try number(maxBytes, "--max-bytes") { settings.bytesMax = bytes }
    if let seconds = try number(timeout, "--timeout") { settings.secondsMax = Double(seconds) }
    if let seconds = try number(connectTimeout, "--connect-timeout") { settings.connectTimeoutSeconds = seconds }
    if let seconds = try number(stallTimeout, "--stall-timeout") { settings.stallSeconds = seconds }
    return settings
  }
}
