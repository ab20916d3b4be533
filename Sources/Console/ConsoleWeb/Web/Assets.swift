import Digest
import HTTPTypes
import Hummingbird

/// Style sheet, script and icon. Their addresses contain a digest of the content, so that browsers may cache them
/// forever.
struct Assets: Sendable {
  private struct Asset {
    let type: String
    let bytes: [UInt8]
    let digest: String
  }

  private static let all: [String: Asset] = [
    "console.css": make("text/css; charset=utf-8", PackageResources.console_css),
    "console.js": make("text/javascript; charset=utf-8", PackageResources.console_js),
    "icon.svg": make("image/svg+xml", PackageResources.icon_svg),
  ]

  private static func make(_ type: String, _ bytes: [UInt8]) -> Asset {
    var hash = SHA256()
    bytes.withUnsafeBytes { hash.update($0) }
    return Asset(type: type, bytes: bytes, digest: String(hash.finish().prefix(16)))
  }

  func address(of name: String) -> String { "/assets/\(name)?v=\(Self.all[name]?.digest ?? "")" }

  func add(to router: Router<ConsoleContext>) {
    router.get("/assets/:name") { _, context in
      guard let name = context.parameters.get("name"), let asset = Self.all[name] else { throw HTTPError(.notFound) }
      return Response(
        status: .ok, headers: [.contentType: asset.type, .cacheControl: "public, max-age=31536000, immutable"],
        body: .init(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }
  }
}
