import Foundation
import Records
import ReferenceImplementation
import Testing

/// Columns and codes are declared once. The reference implementation and the documents must agree with them.
@Suite("Declarations of columns and codes")
struct DeclarationTests {
  private func text(_ path: String) throws -> String {
    let root = #filePath.replacing("/Tests/RecordsTests/DeclarationTests.swift", with: "")
    return try String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }

  @Test("the reference has the same columns")
  func reference() {
    #expect(Column.allCases.map(\.name) == publishedColumns)
    #expect(StoredColumn.all.map(\.name) == ReferenceRegistration.columns)
    #expect(Set(StoredColumn.all.map(\.name)).count == StoredColumn.all.count)
  }

  @Test(
    "the documents name the columns of registrations.tsv",
    arguments: ["spool/README.md", "docs/spool.md"])
  func rows(document: String) throws {
    let columns = (StoredColumn.all.map(\.name) + ["content_hash"]).joined(separator: ", ")
    let words = try text(document).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("(\(columns)) from"))
    if document == "spool/README.md" { #expect(words.contains("has the columns \(columns);")) }
  }

  @Test("docs/rules.md lists exactly the codes of rejections and the codes of warnings")
  func rules() throws {
    let sections = try text("docs/rules.md").components(separatedBy: "An accepted record may carry warnings")
    try #require(sections.count == 2)
    func codes(_ section: String) -> Set<String> {
      let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
      return Set(rows.flatMap { $0.split(separator: "|")[0].matches(of: /`([A-Z_]{5,})`/).map { String($0.output.1) } })
    }
    let rejections = FindingCode.allCases.filter(\.isRejection).map(\.code)
    #expect(codes(sections[0]) == Set(rejections))
    let warnings = FindingCode.allCases.filter { !$0.isRejection && $0 != .unreadableStamp }.map(\.code)
    #expect(codes(sections[1]) == Set(warnings))
    #expect(sections[1].contains("The warning `\(FindingCode.unreadableStamp.code)`"))
  }
}
