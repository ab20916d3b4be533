/// An error of a transfer.
public struct TransferError: Error, Sendable, CustomStringConvertible {
  /// Whether a retry may help. Derived from libcurl's error code, and from fixed parts of its text if one code has
  /// several causes.
  public enum Kind: Sendable {
    /// Retryable: a network error, or a temporary problem of the server or proxy.
    case temporary
    /// A retry would fail, too: for instance, a redirect or a protocol is refused.
    case permanent
    /// The server's certificate was refused, or the CA certificates cannot be used.
    case certificate
    /// The URL is malformed.
    case malformedURL
    /// The address in a proxy variable is malformed.
    case malformedProxy
    /// The response exceeds a limit, or has a transfer coding that was not requested.
    case unacceptable
  }

  public let kind: Kind
  public let description: String
}
