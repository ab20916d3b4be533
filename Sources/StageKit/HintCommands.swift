import Failures

extension Failure {
  /// Commands in the hints name the spool where the command line did, so that they can be typed as they stand.
  public func naming(spool: String?) -> Failure {
    guard let spool else { return self }
    var failure = self
    failure.hints = hints.map { hint in
      guard let command = hint.firstRange(of: "./pipeline.sh "), !hint.contains("--help") else { return hint }
      let end = hint[command.upperBound...].firstIndex { !$0.isLetter && $0 != "-" } ?? hint.endIndex
      return hint[..<end] + " --spool " + Self.quoted(spool) + hint[end...]
    }
    return failure
  }

  /// As a shell reads it.
  private static func quoted(_ text: String) -> String {
    let plain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || "/._-".contains($0) }
    return plain
      ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
