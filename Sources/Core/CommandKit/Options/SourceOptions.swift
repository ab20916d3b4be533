import ArgumentParser

/// The source and how to download it. Only fetch interprets these options.
public struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "URL or path of a CSV, zip, gzip or zstd, or - for stdin (SOURCE_URL; default: the published zip).",
      valueName: "URL|PATH"))
  public var source: String?
  @Flag(help: "Use the sample that ships with the project.")
  public var sample = false
  @Option(help: ArgumentHelp("Records per chunk (CHUNK_SIZE; default: 50000).", valueName: "N"))
  public var chunkSize: String?
  @Option(help: ArgumentHelp("Read only the first N records.", valueName: "N"))
  public var limit: String?
  @Option(help: ArgumentHelp("Refuse a source of over N bytes, also unpacked (default: 4294967296).", valueName: "N"))
  public var maxBytes: String?
  @Option(
    help: ArgumentHelp("Time limit for the whole download or stream, in seconds (default: 1800).", valueName: "N"))
  public var timeout: String?
  @Option(help: ArgumentHelp("Time limit for connecting, in seconds (default: 30).", valueName: "N"))
  public var connectTimeout: String?
  @Option(help: ArgumentHelp("End a transfer after N seconds below 1 KB/s (default: 60).", valueName: "N"))
  public var stallTimeout: String?

  public init() {}
}
