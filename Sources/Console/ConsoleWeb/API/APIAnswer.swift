import Digest
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer of the API: JSON with an ETag, which supports conditional requests (RFC 9110).
enum APIAnswer {
  static func response(_ json: JSON, to request: Request) -> Response { response(json.encoded + "\n", to: request) }

  static func response(_ text: String, to request: Request) -> Response {
    var hash = SHA256()
    hash.update(text)
    let tag = "\"\(hash.finish())\""
    let headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache"]
    if let known = request.headers[.ifNoneMatch], names(known, tag) {
      return Response(status: .notModified, headers: headers)
    }
    var response = Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
    response.headers[.contentType] = "application/json; charset=utf-8"
    return response
  }

  /// Whether `If-None-Match` lists this tag, by weak comparison.
  private static func names(_ list: String, _ tag: String) -> Bool {
    list.split(separator: ",").contains { item in
      let item = item.trimmingPrefix(while: \.isWhitespace)
      let name = item.hasPrefix("W/") ? item.dropFirst(2) : item
      return name == "*" || name.hasPrefix(tag)
    }
  }
}
