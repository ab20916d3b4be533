/// A source file made by hand to be read wrongly: small enough, mostly, to be cut at every byte offset.
public struct MalformedFile: Sendable, CustomStringConvertible {
  public var name: String
  public var bytes: [UInt8]
  /// What a reader may get wrong here.
  public var why: String

  /// The name alone: a test that takes the corpus as its arguments prints this.
  public var description: String { name }
}

public let malformedFiles: [MalformedFile] =
  lineEndFiles + quoteFiles + headerFiles + fieldCountFiles + stampFiles + whitespaceFiles + markerFiles
  + encodingFiles + lengthFiles + capitalFiles + dateFiles + flagFiles + industryFiles + banFiles + outputFiles
  + boundFiles
