import ReferenceImplementation
import Testing

/// A structure error costs only its own line.
struct StructureErrorTests {
  @Test(arguments: ["x", " ", "\rx", "\t,", "\u{3000}", "\u{0}", "\"\"x"])
  func `any other byte after a closing quote is a structure error`(junk: String) {
    let result = read(short + "12345675,\"a\"\(junk)\n20000003,好店\n")
    #expect(result.verdicts == ["1 MALFORMED_QUOTE"])
    #expect(result.findings[0].raw == Array("12345675,\"a\"\(junk)".utf8))
    #expect(result.names == ["好店"])
  }

  @Test func `of two CRs after a closing quote the second belongs to the line end`() {
    let result = read(short + "12345675,\"a\"\r\r\n20000003,好店\n")
    #expect(result.verdicts == ["1 MALFORMED_QUOTE"])
    #expect(result.findings[0].raw == Array("12345675,\"a\"\r".utf8))
  }

  @Test func `a CR may not follow a closing quote at the end of the file`() {
    let result = read(short + "20000003,好店\n12345675,\"a\"\r")
    #expect(result.verdicts == ["2 MALFORMED_QUOTE"])
    #expect(result.findings[0].raw == Array("12345675,\"a\"\r".utf8))
  }

  @Test func `a quoted field that is open at the end of the file costs only its first line`() {
    let result = read(short + "12345675,\"a\n20000003,好店\r\n00000005,b")
    #expect(result.verdicts == ["1 MALFORMED_QUOTE"])
    #expect(result.raws == ["12345675,\"a"])
    #expect(result.names == ["好店", "b"])
    #expect(result.recordEnds == [29, 41, 58, 68])
  }

  @Test func `the CR before the LF of a broken line belongs to the line end`() {
    let result = read(short + "20000003,好店\n12345675,\"a\r\nb\n")
    #expect(result.raws == ["12345675,\"a", "b"])
    #expect(result.verdicts == ["2 MALFORMED_QUOTE", "3 FIELD_COUNT"])
    #expect(result.findings.map(\.line) == [3, 4])
    #expect(result.findings.map(\.byteOffset) == [45, 58])
  }

  @Test func `a broken line ends at its first LF, even inside quotes`() {
    let result = read(short + "20000003,好店\n\"a\nb\"c\n")
    #expect(result.verdicts == ["2 MALFORMED_QUOTE", "3 FIELD_COUNT"])
    #expect(result.raws == ["\"a", "b\"c"])
  }

  @Test func `valid CSV is not an error, even if it is unlikely`() {
    let result = read(short + "12345675,\"a\n20000003,好店\"\n")
    #expect(result.names == ["a\n20000003,好店"])
    #expect(result.findings.isEmpty)
  }

  @Test func `a structure error takes precedence over blank records and encoding`() {
    #expect(read(short + "20000003,好店\n\"\" \n").verdicts == ["2 MALFORMED_QUOTE"])
    #expect(read(short + "20000003,好店\n\"", [0xFF], "\"x\n").verdicts == ["2 MALFORMED_QUOTE"])
  }
}
