import FoundationEssentials

/// The identifying fields of a JSON log line: the ID of its event, and the path by which the line was sent.
public struct LoggedLine: Decodable, Equatable {
  public var eventID: String
  public var path: String

  private enum CodingKeys: String, CodingKey {
    case eventID = "event_id"
    case path
  }

  public init(_ text: String) throws { self = try JSONDecoder().decode(LoggedLine.self, from: Data(text.utf8)) }
}
