import Records
import Testing

@Suite struct BANExtractorTests {
  @Test(arguments: [
    ("甲路1號,04595257,,甲行", 4_595_257), ("甲路1號,\" 04595257\u{3000}\",,", 4_595_257), ("x,00000000,,y", 0),
    ("12345678,04595257,87654321,甲行", 4_595_257),
    // Only the field counts, and digits elsewhere are ignored.
    ("12345678,0459525,87654321,甲行", nil), ("x,０４５９５２５７,,y", nil), ("x,'04595257,,y", nil), ("x,,,y", nil),
  ])
  func theBANIsTheFieldIfTheFieldCountMatches(_ record: String, _ ban: UInt32?) throws {
    #expect(try legible(record) == ban)
  }

  @Test(arguments: [
    // Another number of fields than in the header.
    ("甲路1號,04595257,", 4_595_257), ("甲路,1號,04595257,,甲行,12345678", 4_595_257), ("04595257", 4_595_257),
    ("甲路1號,0459525,12345678", 12_345_678), ("a,b", nil), ("", nil), (",,,,,,", nil),
    // Broken structure.
    ("\"甲路1號\"號,04595257,,甲行", 4_595_257), ("\"甲路1號,04595257,,甲行", 4_595_257),
    ("\"甲路1號\"x, \"\" 04595257 \" \u{3000},,甲行", 4_595_257), ("甲路1號,04595257,,\"甲行", 4_595_257),
    ("\"x\"y,0459525 7,,甲行", nil), ("\"x\"y,045952577,,甲行", nil),
  ])
  func otherwiseTheBANIsTheFirstPieceOfEightDigits(_ record: String, _ ban: UInt32?) throws {
    #expect(try legible(record) == ban)
  }

  @Test func afterAHeadOfficeColumnTheBANIsTheSecondPieceOfEightDigits() throws {
    let columns = ["總機構統一編號", "統一編號", "營業人名稱"]
    #expect(try legible("96798356,04595257,甲行,x", columns) == 4_595_257)
    #expect(try legible(",04595257,甲行,x", columns) == 4_595_257)
    #expect(try legible("96798356,04595257,\"甲行", columns) == 4_595_257)
    #expect(try legible("96798356,0459525,甲行", columns) == nil)
    #expect(try legible("甲行,x", columns) == nil)
  }

  @Test func invalidUTF8DoesNotHideTheBAN() throws {
    #expect(try legible([0xFF, 0x2C] + Array("04595257,,x".utf8)) == 4_595_257)
    #expect(try legible([0xFF, 0x22, 0x2C] + Array("04595257\"".utf8) + [0x2C, 0]) == 4_595_257)
  }

  private func legible(_ record: String, _ columns: [String] = ["營業地址", "統一編號", "總機構統一編號", "營業人名稱"]) throws -> UInt32? {
    try legible(Array(record.utf8), columns)
  }

  private func legible(
    _ record: [UInt8], _ columns: [String] = ["營業地址", "統一編號", "總機構統一編號", "營業人名稱"]
  ) throws -> UInt32? {
    let header = try Header(names: columns)
    var scanner = RecordScanner()
    return record.withUnsafeBufferPointer { BANExtractor.of($0, header: header, scanner: &scanner) }
  }
}
