/// The part of the file that a request selects by its conditions and range, according to RFC 9110, 13.2.2 and 14.2.
enum Selection: Equatable {
  case whole
  case part(Range<Int>)
  case notModified
  case unsatisfiable

  init(_ request: Request, for file: ServedFile) {
    if file.answersConditions, Self.isNotModified(request, file) {
      self = .notModified
    } else if file.acceptsRanges, request.method == "GET", let range = request.headers["Range"],
      Self.allowsRange(request, file)
    {
      self = Self.range(range, of: file.content.count)
    } else {
      self = .whole
    }
  }

  private static func isNotModified(_ request: Request, _ file: ServedFile) -> Bool {
    let tags = request.headers.all("If-None-Match").flatMap { $0.split(separator: ",").map(\.trimmed) }
    if !tags.isEmpty {
      return tags.contains { $0 == "*" || file.etag.map(opaque) == opaque($0) }
    }
    guard let since = request.headers["If-Modified-Since"], let modified = file.lastModified else { return false }
    if let since = HTTPDate.seconds(since), let modified = HTTPDate.seconds(modified) { return modified <= since }
    return since == modified
  }

  private static func allowsRange(_ request: Request, _ file: ServedFile) -> Bool {
    guard file.ifRange == .honoured, let validator = request.headers["If-Range"] else { return true }
    if validator.hasPrefix("\"") { return validator == file.etag }
    return !validator.hasPrefix("W/") && validator == file.lastModified
  }

  /// Parses a single range; several ranges, or anything else, select the whole file.
  private static func range(_ header: String, of count: Int) -> Selection {
    guard header.hasPrefix("bytes="), !header.contains(",") else { return .whole }
    let bounds = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(
      \.trimmed)
    guard bounds.count == 2 else { return .whole }
    switch (Int(bounds[0]), Int(bounds[1])) {
    case (let first?, let last?) where first <= last:
      return first < count ? .part(first..<min(last, count - 1) + 1) : .unsatisfiable
    case (let first?, nil) where bounds[1].isEmpty:
      return first < count ? .part(first..<count) : .unsatisfiable
    case (nil, let suffix?) where bounds[0].isEmpty:
      return suffix > 0 && count > 0 ? .part(max(0, count - suffix)..<count) : .unsatisfiable
    default:
      return .whole
    }
  }

  /// Returns an ETag without its weakness mark, for the weak comparison.
  private static func opaque(_ tag: String) -> String { tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : tag }
}
