import ArgumentParser
import Glibc
import Spool
import Support

/// Options to accept a snapshot that would be refused.
public struct AcceptOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Accept a snapshot that the checks of this command refuse, and record the reason and the user.",
      valueName: "REASON"))
  public var accept: String?

  public init() {}

  public func resolve() throws(Failure) -> Acceptance? {
    guard let accept else { return nil }
    guard accept.unicodeScalars.contains(where: { !$0.properties.isWhitespace }), accept.utf8.count <= 4096,
      !accept.utf8.contains(0)
    else {
      throw Failure(
        .usage, "--accept needs a reason of up to 4,096 bytes", hint: "for instance --accept 'all codes were re-issued'"
      )
    }
    return Acceptance(reason: accept, user: Acceptance.currentUser())
  }
}

/// The acceptance of a refused snapshot: its reason and its user.
public struct Acceptance: Sendable, Equatable {
  public var reason: String
  /// The operating system's user.
  public var user: String

  public init(reason: String, user: String) {
    self.reason = reason
    self.user = user
  }

  /// Returns the user of this process: the name, or the number if there is no name.
  public static func currentUser() -> String {
    let number = getuid()
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    guard getpwuid_r(number, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
      return "uid \(number)"
    }
    return String(cString: name)
  }

  /// Records the acceptance in the snapshot's folder.
  public func record(_ refusals: [String], in folder: SnapshotFolder) throws {
    try AcceptanceManifest(
      acceptedBy: user, acceptedAt: Timestamp.utcTimestamp(), reason: reason, refusals: refusals
    ).publish(at: folder.acceptanceManifest)
  }
}
