import LoadStage
import Support
import Testing

@Suite("A statement from a file")
struct SQLTests {
  private func statement(_ sql: String, _ values: [String: String] = [:]) throws -> String {
    try String(sql: Array(sql.utf8), values)
  }

  @Test("loses its leading comment, and its placeholders are replaced")
  func names() throws {
    #expect(
      try statement(
        """
        -- What it does.
        -- :column: a comment's names are left alone.
        SELECT :column::text, a::int, 'HH24:MI', ":column", :'literal'::regclass -- :column
        FROM t WHERE x[1:2] = $1
        """, ["column": "r.ban", "literal": "o'clock"])
          == """
          SELECT r.ban::text, a::int, 'HH24:MI', ":column", 'o''clock'::regclass -- :column
          FROM t WHERE x[1:2] = $1
          """)
    #expect(try statement("-- Nothing to replace.\nSELECT 1\n") == "SELECT 1\n")
  }

  @Test("is refused if a placeholder has no value, or a value no placeholder")
  func errors() {
    #expect(throws: Failure.self) { try statement("SELECT :column") }
    #expect(throws: Failure.self) { try statement("SELECT :'column'", ["colum": "x"]) }
    #expect(throws: Failure.self) { try statement("SELECT 1", ["column": "x"]) }
  }
}
