import Digest
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer of the API: JSON that a client may keep, and asks about before it is used again (RFC 9110, ETag).
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

  /// Whether a list of tags has this one; weak ones count as strong here.
  private static func names(_ list: String, _ tag: String) -> Bool {
    list.split(separator: ",").contains { item in
      let item = item.trimmingPrefix(while: \.isWhitespace)
      let name = item.hasPrefix("W/") ? item.dropFirst(2) : item
      return name == "*" || name.hasPrefix(tag)
    }
  }
}
