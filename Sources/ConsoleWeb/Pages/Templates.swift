import Mustache

/// The pages' templates. Each is put under ``PageEscaping``'s escaping, partials too.
public struct Templates: Sendable {
  private let library: MustacheLibrary

  /// - Throws: where one cannot be parsed.
  public init() throws {
    MustacheContentTypes.register(PageEscaping(), named: PageEscaping.name)
    var library = MustacheLibrary()
    for (name, bytes) in Self.sources {
      let text = "{{% CONTENT_TYPE: \(PageEscaping.name)}}" + String(decoding: bytes, as: UTF8.self)
      try library.register(text, named: name)
    }
    self.library = library
  }

  public static var names: [String] { sources.keys.sorted() }

  /// - Returns: HTML; nil where there is no such template.
  public func render(_ name: String, _ values: [String: Any]) -> String? { library.render(values, withTemplate: name) }
}
