import ConsoleWeb
import Foundation
import Testing

@Suite("Templates")
struct TemplateTests {
  /// Quotes and angle brackets, some followed by a combining mark, which makes one Character of the two.
  private static let hostile = "\u{E000}<\u{301}>\u{301}\"\u{301}'\u{301}<script>\"'\u{E001}"
  /// The variables that are inserted as HTML. Charts escape their own texts.
  private static let html: Set<String> = ["svg"]

  private func names(_ source: String) -> Set<String> {
    Set(source.matches(of: /\{\{[#^]?\s*([A-Za-z_][A-Za-z_0-9]*)\s*\}\}/).map { String($0.output.1) })
  }

  @Test("every template escapes every value")
  func escaping() throws {
    let templates = try Templates(.english)
    let sources = Templates.names.map { String(decoding: Templates.sources[$0] ?? [], as: UTF8.self) }
    let all = sources.reduce(into: Set<String>()) { $0.formUnion(names($1)) }.subtracting(Self.html)
    let values: [String: Any] = Dictionary(uniqueKeysWithValues: all.map { ($0, Self.hostile) })
    for name in Templates.names {
      let html = try #require(templates.render(name, values))
      let scalars = Array(html.unicodeScalars)
      // Between the marks no character may have a meaning in HTML.
      var isInside = false
      var shown = 0
      for scalar in scalars {
        if scalar == "\u{E000}" { (isInside, shown) = (true, shown + 1) }
        if scalar == "\u{E001}" { isInside = false }
        if isInside { #expect(!"<>\"'".unicodeScalars.contains(scalar), "\(name)") }
      }
      #expect(shown > 0 || name == "login", "\(name) shows nothing")
    }
  }

  @Test("control characters are shown as visible symbols")
  func controls() throws {
    let html = try Templates(.english).render("login", ["name": "a\u{1B}[31m\u{7F}\u{9B}b"]) ?? ""
    #expect(html.contains("value=\"a\u{241B}[31m\u{2421}\u{FFFD}b\""))
  }

  @Test(
    "bidirectional controls are shown by their code points", arguments: [0x200E, 0x202A, 0x202E, 0x2066, 0x2069])
  func bidirectional(code: UInt32) throws {
    let scalar = try #require(Unicode.Scalar(code))
    let html = try Templates(.english).render("login", ["name": "a\(scalar)b"]) ?? ""
    #expect(html.contains("value=\"a⟨U+\(String(code, radix: 16, uppercase: true))⟩b\""))
    #expect(!html.unicodeScalars.contains(scalar))
  }

  @Test("every scalar with a meaning in HTML, every control and every bidirectional control is replaced")
  func allScalars() {
    let kept: Set<Unicode.Scalar> = ["\t", "\n", "\r"]
    for code in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(code) else { continue }
      let mustChange =
        "<>&\"'".unicodeScalars.contains(scalar) || scalar.properties.isBidiControl
        || scalar.properties.generalCategory == .control && !kept.contains(scalar)
      guard mustChange || code % 257 == 0 || code < 0x3000 else { continue }
      let text = "a\(scalar)"
      #expect((PageEscaping().escapeText(text) != text) == mustChange, "\(String(code, radix: 16))")
    }
  }

  @Test("the list of templates contains every file of the folder")
  func files() throws {
    let folder = #filePath.replacing(
      "/Tests/ConsoleWebTests/TemplateTests.swift", with: "/Sources/Console/ConsoleWeb/Templates")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).map { $0.replacing(".mustache", with: "") }
    #expect(names.sorted() == Templates.names)
  }

  @Test("only known variables are inserted as HTML")
  func unescaped() {
    for name in Templates.names {
      let source = String(decoding: Templates.sources[name] ?? [], as: UTF8.self)
      for match in source.matches(of: /\{\{\{\s*([^}]*?)\s*\}\}\}|\{\{&\s*([^}]*?)\s*\}\}/) {
        let variable = String(match.output.1 ?? match.output.2 ?? "")
        #expect(Self.html.contains(variable), "\(name): \(variable)")
      }
    }
  }

  @Test("templates have no inline scripts or styles, which the content security policy forbids")
  func policy() {
    for name in Templates.names {
      let source = String(decoding: Templates.sources[name] ?? [], as: UTF8.self)
      #expect(source.firstMatch(of: /\sstyle=|\son[a-z]+=|<style|javascript:/) == nil, "\(name)")
      #expect(name == "layout" || !source.contains("<script"), "\(name)")
      // Each form that changes something must send the session's token.
      let forms = source.components(of: "<form").dropFirst().filter { $0.prefix { $0 != ">" }.contains("post") }
      for form in forms where name != "login" {
        #expect(form.prefix(while: "</form").contains("name=\"form_token\""), "\(name)")
      }
    }
  }
}

extension String {
  fileprivate func components(of separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
  fileprivate func prefix(while end: String) -> String { components(of: end).first ?? "" }
}
