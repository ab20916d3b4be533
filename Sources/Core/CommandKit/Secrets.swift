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
    copy.message = copy.message.withoutLogins
    return copy
  }
}

extension String {
  /// The same with `…` for addresses that have a login: such a value may be in any variable.
  public var withoutLogins: String {
    guard contains("://"), contains("@") else { return self }
    let ends: Set<Character> = [" ", "'", "\"", "(", ")", ","]
    return split(omittingEmptySubsequences: false) { ends.contains($0) }.reduce(into: "") { text, word in
      text += word.contains("://") && word.contains("@") ? "…" : word
      if word.endIndex < endIndex { text.append(self[word.endIndex]) }
    }
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
