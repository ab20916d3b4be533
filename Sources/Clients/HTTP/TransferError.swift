/// What libcurl says went wrong, by its code.
public struct TransferError: Error, Sendable, CustomStringConvertible {
  /// Whether trying again may help, by libcurl's code and never by its text.
  public enum Kind: Sendable {
    /// The network, or the other side for now.
    case temporary
    /// A redirect, a protocol: it stays like this.
    case permanent
    /// The server's certificate, or those that it is checked with.
    case certificate
    /// The URL itself.
    case malformedURL
    /// The address in a proxy variable.
    case malformedProxy
    /// What the answer is: beyond our bounds, or in a coding that nobody asked for.
    case unacceptable
  }

  public let kind: Kind
  public let description: String
}
