/// The answer to one request, and its faults. All properties can be combined; offsets count the body bytes of this
/// answer from 0 (for an answer to a Range request, byte 0 is the first of the range).
public struct Attempt: Sendable {
  public enum Answer: Sendable {
    /// The file, according to the request's conditions and range.
    case file
    case page(status: Int, headers: Headers, body: Content)
    /// These bytes and then the content, sent unchanged; then the connection closes. A cut counts from the first byte.
    case raw([UInt8], Content)
    /// Closes the connection without sending a byte.
    case hangUp
    /// Resets the connection without sending a byte.
    case reset
  }

  public enum Cut: Sendable, Equatable {
    case close(after: Int)
    case reset(after: Int)

    var offset: Int {
      switch self {
      case .close(let offset), .reset(let offset): offset
      }
    }
  }

  public struct Pause: Sendable {
    public var offset: Int
    public var gate: Gate

    public init(at offset: Int, until gate: Gate) {
      self.offset = offset
      self.gate = gate
    }
  }

  /// A slow body, with a wait before every piece.
  public struct Trickle: Sendable {
    public enum Pace: Sendable {
      case turnstile(Turnstile)
      case every(Duration)
    }

    public var piece: Int
    public var pace: Pace

    public init(piece: Int, pace: Pace) {
      self.piece = piece
      self.pace = pace
    }
  }

  /// Extra header lines, with the length of each.
  public struct Padding: Sendable, Equatable {
    public var lines: Int
    public var length: Int

    public init(lines: Int, length: Int) {
      self.lines = lines
      self.length = length
    }
  }

  public var answer = Answer.file
  /// Nothing is sent, not even the head, until this gate opens.
  public var silence: Gate?
  public var pauses: [Pause] = []
  public var cut: Cut?
  public var trickle: Trickle?
  public var padding: Padding?
  /// More body bytes than the head promises, or fewer if negative (the connection is then closed).
  public var extraBytes = 0
  /// Answers a Range request with 200 and the whole file.
  public var ignoresRange = false
  /// Serves a range that begins this many bytes later (or earlier) than requested, with the actual Content-Range.
  public var rangeShift = 0
  /// Headers that replace those of the same name, the computed ones (Content-Range, Content-Length, ETag) included. An
  /// entry with an empty value removes the header.
  public var overrides: Headers = [:]
  /// Another status with the same headers and body.
  public var status: Int?

  public init() {}

  /// Returns a changed copy.
  public func with(_ change: (inout Attempt) -> Void) -> Attempt {
    var copy = self
    change(&copy)
    return copy
  }
}

extension Attempt {
  /// An answer without faults.
  public static var whole: Attempt { Attempt() }

  public static var hangUp: Attempt { whole.with { $0.answer = .hangUp } }

  public static var resetAtOnce: Attempt { whole.with { $0.answer = .reset } }

  public static func cut(after offset: Int) -> Attempt { whole.with { $0.cut = .close(after: offset) } }

  public static func reset(after offset: Int) -> Attempt { whole.with { $0.cut = .reset(after: offset) } }

  public static func paused(at offset: Int, until gate: Gate) -> Attempt {
    whole.with { $0.pauses = [Pause(at: offset, until: gate)] }
  }

  /// Reads the request and sends nothing until the gate opens.
  public static func silent(until gate: Gate) -> Attempt { whole.with { $0.silence = gate } }

  public static func page(_ status: Int, headers: Headers = [:], body: String = "") -> Attempt {
    whole.with { $0.answer = .page(status: status, headers: headers, body: Content(body)) }
  }

  public static func raw(_ text: String, then content: Content = Content("")) -> Attempt {
    whole.with { $0.answer = .raw(Array(text.utf8), content) }
  }

  /// - Parameter retryAfter: the header's value: seconds, or a date such as `HTTPDate.string(HTTPDate.now + 5)`.
  public static func busy(_ status: Int = 503, retryAfter: String? = nil) -> Attempt {
    var headers: Headers = ["Content-Type": "text/plain"]
    headers["Retry-After"] = retryAfter
    return page(status, headers: headers, body: "later\n")
  }

  public static func redirect(to location: String, status: Int = 302) -> Attempt {
    page(status, headers: ["Location": location])
  }

  public static var ignoringRange: Attempt { whole.with { $0.ignoresRange = true } }

  public static func contentRange(_ value: String) -> Attempt {
    whole.with { $0.overrides = ["Content-Range": value] }
  }

  public static func trickling(_ piece: Int, pace: Trickle.Pace) -> Attempt {
    whole.with { $0.trickle = Trickle(piece: piece, pace: pace) }
  }
}
