import ArgumentParser

/// What to fetch, and how. Only fetch interprets them.
public struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("URL or path of the CSV (SOURCE_URL; default: the published file).", valueName: "URL|PATH"))
  public var source: String?
  @Flag(help: "Take the sample that ships with the project.")
  public var sample = false
  @Option(help: ArgumentHelp("Records a chunk (CHUNK_SIZE; default: 50000).", valueName: "N"))
  public var chunkSize: String?
  @Option(help: ArgumentHelp("The first N records only.", valueName: "N"))
  public var limit: String?
  @Option(help: ArgumentHelp("Refuse a source with more bytes (default: 4294967296).", valueName: "N"))
  public var maxBytes: String?
  @Option(help: ArgumentHelp("Seconds for the whole download (default: 1800).", valueName: "N"))
  public var timeout: String?
  @Option(help: ArgumentHelp("Seconds to wait for a connection (default: 30).", valueName: "N"))
  public var connectTimeout: String?
  @Option(help: ArgumentHelp("Seconds at less than 1 KB/s that are no progress (default: 60).", valueName: "N"))
  public var stallTimeout: String?

  public init() {}
}
