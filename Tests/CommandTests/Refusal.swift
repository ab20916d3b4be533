import Testing

/// Checks that a stage failed with the exit code, one error line that contains `text`, and hints after it.
func expect(
  _ ended: Ended, from stage: String, fails code: Int32, saying text: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(ended.code == code, "\(ended)", sourceLocation: sourceLocation)
  let lines = ended.stderr.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  let errors = lines.indices.filter { lines[$0].hasPrefix("\(stage): ") }
  #expect(errors.count == 1, "\(ended)", sourceLocation: sourceLocation)
  guard let error = errors.first else { return }
  #expect(text.isEmpty || lines[error].contains(text), "\(ended)", sourceLocation: sourceLocation)
  let hints = lines[(error + 1)...]
  #expect(!hints.isEmpty && hints.allSatisfy { $0.hasPrefix("HINT: ") }, "\(ended)", sourceLocation: sourceLocation)
}
