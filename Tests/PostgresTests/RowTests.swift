import Postgres
import TestCluster
import Testing

@Suite("A row", .enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct RowTests {
  private enum Colour: String { case red, green }

  private func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return (error as? PostgresError)?.message }
  }

  @Test("returns its values by column name")
  func values() throws {
    try TestDatabase.with { database in
      var session = try database.open()
      let row = try session.row(
        """
        SELECT 'x' AS text, NULL::text AS nothing, -9223372036854775808 AS least, true AS yes, false AS no,
          'green' AS colour, $1::text[] AS texts, '{}'::text[] AS none
        """, [#"{a,"b \"c\\,",NULLs,"","{}"}"#])
      #expect(try row.text("text") == "x")
      #expect(try row.optionalText("nothing") == nil)
      #expect(try row.int("least", as: Int64.self) == .min)
      #expect(try row.bool("yes"))
      #expect(try !row.bool("no"))
      #expect(try row.value("colour", as: Colour.self) == .green)
      #expect(try row.textArray("texts") == ["a", #"b "c\,"#, "NULLs", "", "{}"])
      #expect(try row.textArray("none") == [])
      #expect(try row.optionalTextArray("nothing") == nil)
      #expect(try session.texts("SELECT name FROM (VALUES ('a'), ('')) AS names (name)") == ["a", ""])
      #expect(try session.texts("SELECT 'a' WHERE false") == [])
    }
  }

  @Test("an error names the column, the value and the statement")
  func errors() throws {
    try TestDatabase.with { database in
      var session = try database.open()
      let row = try session.row(
        "SELECT 'blue' AS colour,\n  NULL AS nothing, ARRAY['a', NULL] AS hole, ARRAY[ARRAY['a']] AS deep")
      let from = "in: SELECT 'blue' AS colour, NULL AS nothing"
      for (body, expected) in [
        ({ _ = try row.text("absent") }, "the result has no column 'absent', \(from)"),
        ({ _ = try row.text("nothing") }, "column 'nothing' is NULL, \(from)"),
        ({ _ = try row.int("colour") }, "column 'colour' has 'blue', expected a number, \(from)"),
        ({ _ = try row.bool("colour") }, "column 'colour' has 'blue', expected a truth value, \(from)"),
        ({ _ = try row.value("colour", as: Colour.self) }, "column 'colour' has 'blue', expected a Colour, \(from)"),
        ({ _ = try row.textArray("hole") }, "column 'hole' has '{a,NULL}', expected an array of texts, \(from)"),
        ({ _ = try row.textArray("deep") }, "column 'deep' has '{{a}}', expected an array of texts, \(from)"),
      ] as [(() throws -> Void, String)] {
        #expect(message(body)?.hasPrefix(expected) == true, "\(message(body) ?? "no error")")
      }
      #expect(throws: PostgresError.self) { try session.row("SELECT 1 WHERE false") }
      #expect(throws: PostgresError.self) { try session.int("SELECT 1, 2") }
      #expect(throws: PostgresError.self) { try session.bool("SELECT NULL") }
      #expect(throws: PostgresError.self) { try session.texts("VALUES ('a'), (NULL)") }
      #expect(throws: PostgresError.self) { try session.texts("VALUES ('a', 'b')") }
    }
  }
}
