/// A handmade source file that is easily misread. Most are small enough to be split at every byte offset.
public struct MalformedFile: Sendable, CustomStringConvertible {
  public var name: String
  public var bytes: [UInt8]
  /// The aspect that a reader may get wrong.
  public var why: String

  /// Only the name, for parameterized tests.
  public var description: String { name }
}

public let malformedFiles: [MalformedFile] =
  lineEndFiles + quoteFiles + headerFiles + fieldCountFiles + stampFiles + whitespaceFiles + markerFiles
  + encodingFiles + lengthFiles + capitalFiles + dateFiles + flagFiles + industryFiles + banFiles + outputFiles
  + boundFiles
