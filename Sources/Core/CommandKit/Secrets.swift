import Support

extension Failure {
  /// The same without arguments and variables in which a password may be. An error repeats what was mistyped, and ends
  /// up in logs: a URL that lost its `--source` must not.
  public func withoutSecrets(_ arguments: [String] = CommandLine.arguments) -> Failure {
    var copy = self
    for argument in arguments.dropFirst() + Environment.values() {
      // Of `--name=value` the value may be repeated alone.
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
  /// The same with `…` from an address that may have a login to the last `@`: such a value may be in any variable.
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
    // Also in malformed addresses.
    contains("@") && contains(":") || contains("?") && (contains("://") || contains("="))
      || hasPrefix("http") && !hasPrefix("http://") && !hasPrefix("https://") || hasPrefix("postgres") && contains(":")
      || ["passw", "pwd=", "secret=", "token="].contains { lowercased().contains($0) }
  }
}
