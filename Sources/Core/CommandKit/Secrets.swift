import Support

extension Failure {
  /// The same without arguments in which a password may be. An error repeats what was mistyped, and ends up in logs: a
  /// URL that lost its `--source` must not.
  func withoutSecrets(_ arguments: [String] = CommandLine.arguments) -> Failure {
    var copy = self
    for argument in arguments.dropFirst() + [Environment.value("SOURCE_URL") ?? ""] {
      // Of `--name=value` the value may be repeated alone.
      let value = argument.hasPrefix("-") ? argument.split(separator: "=", maxSplits: 1).last.map(String.init) : nil
      for text in [argument, value ?? argument] where text.mayHoldSecret {
        copy.message = copy.message.replacing(text, with: "…")
      }
    }
    return copy
  }
}

extension String {
  fileprivate var mayHoldSecret: Bool {
    // Also in malformed addresses.
    contains("@") && contains(":") || contains("?") && (contains("://") || contains("="))
      || hasPrefix("http") && !hasPrefix("http://") && !hasPrefix("https://") || hasPrefix("postgres") && contains(":")
      || ["passw", "pwd=", "secret=", "token="].contains { lowercased().contains($0) }
  }
}
