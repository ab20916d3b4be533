import FoundationEssentials

/// What tells a line of a JSON log from others: which event it is a copy of, and which way it went.
public struct LoggedLine: Decodable, Equatable {
  public var eventID: String
  public var path: String

  private enum CodingKeys: String, CodingKey {
    case eventID = "event_id"
    case path
  }

  public init(_ text: String) throws { self = try JSONDecoder().decode(LoggedLine.self, from: Data(text.utf8)) }
}
