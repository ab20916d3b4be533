import ConsoleQueries
import Foundation
import Records
import Testing

@Suite("The API description")
struct DescriptionTests {
  private struct Document: Decodable {
    let components: Components

    struct Components: Decodable { let schemas: [String: Schema] }

    struct Schema: Decodable {
      let required: [String]?
      let properties: [String: Property]?
      let `enum`: [String?]?
    }

    struct Property: Decodable {
      let types: Set<String>

      init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let one = try? values.decode(String.self, forKey: .type)
        types = Set(one.map { [$0] } ?? (try? values.decode([String].self, forKey: .type)) ?? [])
      }

      private enum Key: String, CodingKey { case type }
    }
  }

  @Test("lists the columns of a business in order, with their types")
  func columns() throws {
    let path = #filePath.replacing(
      "/Tests/ConsoleWebTests/DescriptionTests.swift", with: "/Sources/Console/ConsoleWeb/Assets/openapi.json")
    let document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(filePath: path)))
    let image = try #require(document.components.schemas["Image"])
    #expect(image.required == StoredColumn.all.map(\.name) + ["industries"])
    #expect(Set(image.properties?.keys.map { $0 } ?? []) == Set(image.required ?? []))
    for column in StoredColumn.all {
      let type =
        switch column.form {
        case .text, .date: "string"
        case .amount: "integer"
        case .flag: "boolean"
        }
      let isNever = ["ban", "business_name"].contains(column.name)
      #expect(image.properties?[column.name]?.types == (isNever ? [type] : [type, "null"]), "\(column.name)")
    }
    #expect(document.components.schemas["ColumnName"]?.enum == RegistrationChange.columnNames)
  }
}
