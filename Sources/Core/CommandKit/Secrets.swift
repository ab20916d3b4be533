import Support

extension Failure {
  /// Returns the failure without arguments and variables that may hold a password. Its message may quote a mistyped
  /// argument, for instance a URL without its `--source`, and is written to logs.
  public func withoutSecrets(_ arguments: [String] = CommandLine.arguments) -> Failure {
    var copy = self
    for argument in arguments.dropFirst() + Environment.values() {
      // The message may quote only the value of `--name=value`.
      let value = argument.hasPrefix("-") ? argument.split(separator: "=", maxSplits: 1).last.map(String.init) : nil
      for text in [argument, value ?? argument] where text.mayHoldSecret {
        copy.message = copy.message.replacing(text, with: "…")
      }
    }
    copy.message = copy.message.withoutLogins
    return copy
  }
}

extension String {
  /// The text without logins: everything from the word with the first `://` to the word with the last `@` becomes `…`.
  /// The value of any variable may be such a text.
  public var withoutLogins: String {
    let ends: Set<Character> = [" ", "'", "\""]
    guard let colon = firstRange(of: "://")?.lowerBound, let at = lastIndex(of: "@"), colon < at else { return self }
    let start = self[..<colon].lastIndex { ends.contains($0) }.map(index(after:)) ?? startIndex
    let end = self[at...].firstIndex { ends.contains($0) } ?? endIndex
    return self[..<start] + "…" + self[end...]
  }
}

extension String {
  var mayHoldSecret: Bool {
    // Also covers malformed addresses.
    contains("@") && contains(":") || contains("?") && (contains("://") || contains("="))
      || hasPrefix("http") && !hasPrefix("http://") && !hasPrefix("https://") || hasPrefix("postgres") && contains(":")
      || ["passw", "pwd=", "secret=", "token="].contains { lowercased().contains($0) }
  }
}
