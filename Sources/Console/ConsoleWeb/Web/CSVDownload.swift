import ConsoleQueries
import Hummingbird
import NIOCore
import Postgres

/// A CSV file that is sent while the database reads it.
struct CSVDownload {
  let site: Site
  /// The beginning of the file's name.
  let name: String
  /// What was asked for, for the file's name.
  let words: [String]
  /// The day in the file's name; nil for that of the data.
  var day: String?

  /// Answers with the file. Each account can download one at a time.
  ///
  /// - Parameter produce: writes the file piece by piece.
  func response(
    to request: Request, _ context: ConsoleContext,
    _ produce: @escaping @Sendable (inout Connection, (_ piece: [UInt8]) throws -> Void) throws -> Void
  ) async throws -> Response {
    let newest = try await site.read(context) { try Publications.newestDay(on: &$0) }
    var response = Response(
      status: .ok,
      headers: [
        .contentType: "text/csv; charset=utf-8", .contentDisposition: disposition(day ?? newest),
        .cacheControl: "no-store",
      ])
    if request.method == .head { return response }
    guard let turn = site.exportTurns.acquire(context.session?.account ?? "") else {
      throw Problem(.tooManyRequests, "problem_export_under_way", retryAfterSeconds: 60)
    }
    let pieces = BackpressuredStream { [site] write in
      _ = try await site.exports.run { try produce(&$0, write) }
    }
    // The answer begins after the first piece. So a missing registry or a timeout still gets an error page; later
    // errors cut off the answer.
    let first = try await context.whileConnected { try await pieces.next() }
    response.body = .init { writer in
      defer { withExtendedLifetime(turn) {} }
      var piece = first
      while let bytes = piece {
        try await writer.write(ByteBuffer(bytes: bytes))
        piece = try await pieces.next()
      }
      try await writer.finish(nil)
    }
    return response
  }

  /// Names the file after what was asked and the day of the data: `registrations-咖啡-臺北市-2026-09-01.csv`. Old
  /// browsers get the name without the words (RFC 6266, section 4.3).
  private func disposition(_ day: String?) -> String {
    let day = day.map { "-" + $0 } ?? ""
    let asked = words.map {
      $0.unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" }
    }
    .filter { !$0.isEmpty }.map { "-" + String(String.UnicodeScalarView($0.prefix(40))) }.prefix(5).joined()
    let whole = LocalPath.encode("\(name)\(asked)\(day).csv")
    return "attachment; filename=\"\(name)\(day).csv\"; filename*=UTF-8''\(whole)"
  }
}
