import FoundationEssentials
import HTTPTypes
import Hummingbird

/// A problem as the API tells it: `application/problem+json` (RFC 9457), in English.
enum APIProblem {
  private struct Document: Encodable {
    let type = "about:blank"
    let title: String
    let status: Int
    let detail: String
  }

  static func response(_ problem: Problem, _ texts: Texts) -> Response {
    var detail = texts.text(problem.text, .english)
    if let more = problem.detail { detail += " (\(more))" }
    let document = Document(title: problem.status.reasonPhrase, status: problem.status.code, detail: detail)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = (try? encoder.encode(document)) ?? Data()
    return Response(
      status: problem.status, headers: [.contentType: "application/problem+json", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
