/// An event to be sent.
public struct PendingEvent: Sendable, Equatable {
  public var millisecondsSince1970: Int
  public var message: String
  /// Its place on disk, in case this process cannot send it; nil if it is not stored.
  var place: Place?

  public init(millisecondsSince1970: Int, message: String) {
    self.millisecondsSince1970 = millisecondsSince1970
    self.message = message
  }

  /// The shortest period that an alarm evaluates. An error that arrives later would be counted in a period that no
  /// alarm evaluates any more.
  static let lateMilliseconds = 60_000

  /// The event as it is sent at a given time. A late error gets the time of sending, so that the alarm is raised now;
  /// its line keeps its own time, and `delayed_seconds` says how late it is. Other events keep their time: a run that
  /// completed yesterday must not count for today.
  func sent(at now: Int) -> PendingEvent {
    let delay = now - millisecondsSince1970
    // Quotes inside the line's texts have a backslash, so this can only be the field itself.
    guard delay > Self.lateMilliseconds, message.hasSuffix("}"), message.contains("\"level\":\"ERROR\"") else {
      return self
    }
    var event = self
    event.millisecondsSince1970 = now
    event.message = message.dropLast() + ",\"delayed_seconds\":\(delay / 1000)}"
    return event
  }

  /// The size that CloudWatch counts for it.
  var bytes: Int { message.utf8.count + 26 }

  struct Place: Sendable, Equatable {
    /// The number of the file among those that this process holds.
    var file: Int
    /// The offset after the event.
    var end: Int
  }
}

/// The events of one request, within the limits of PutLogEvents (API reference of CloudWatch Logs).
public enum EventBatch {
  public static let eventsMax = 10_000
  /// Bytes of UTF-8, and 26 for each event.
  public static let bytesMax = 1_048_576
  public static let messageBytesMax = 256 * 1024 - 26
  public static let spanMilliseconds = 24 * 3600 * 1000

  /// Returns the longest beginning of the events that makes a batch, sorted by time.
  ///
  /// - Parameter limit: maximum number of events.
  /// - Returns: the number of events, and the batch.
  public static func first(
    of events: some Sequence<PendingEvent>, limit: Int = eventsMax
  ) -> (count: Int, batch: [PendingEvent]) {
    var batch: [PendingEvent] = []
    var bytes = 0
    var (earliest, latest) = (Int.max, Int.min)
    for event in events {
      let (from, to) = (min(earliest, event.millisecondsSince1970), max(latest, event.millisecondsSince1970))
      guard batch.count < min(limit, eventsMax), bytes + event.bytes <= bytesMax, to - from <= spanMilliseconds else {
        break
      }
      (earliest, latest) = (from, to)
      bytes += event.bytes
      batch.append(event)
    }
    // Stable: events with the same time keep their order.
    let order = batch.indices.sorted {
      (batch[$0].millisecondsSince1970, $0) < (batch[$1].millisecondsSince1970, $1)
    }
    return (batch.count, order.map { batch[$0] })
  }
}
