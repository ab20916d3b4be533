import ReferenceImplementation
import Testing

struct IndustryTests {
  /// `slots` is 行業代號,名稱 four times.
  private func industries(_ slots: String) -> ReferenceResult {
    read("統一編號,營業人名稱,行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2,行業代號3,名稱3\n12345675,店,\(slots)\n")
  }

  @Test func `a slot with a code gives one row, with the slot as its order`() {
    let result = industries("012345,豆,,,472927,,471913,雜")
    #expect(result.slots == ["012345 豆 1", "472927 - 3", "471913 雜 4"])
    #expect(result.findings.isEmpty)
  }

  @Test func `a code that repeats keeps its first slot`() {
    let result = industries("472927,豆,472927,酒,471913,雜,472927,")
    #expect(result.slots == ["472927 豆 1", "471913 雜 3"])
    #expect(result.repeatedIndustryCodes == 2)
    #expect(result.findings.isEmpty)
  }

  @Test func `a name without a code is dropped`() {
    let result = industries(",豆,NA,\"NA\",472927,酒,\"\",NULL")
    #expect(result.slots == ["472927 酒 3"])
    #expect(result.industryNamesWithoutCode == 2)
  }

  @Test func `a code that is not six ASCII digits gives a row and a warning`() {
    let result = industries("47292,豆,４７２９２７,,4729270,,ABCDEF,")
    #expect(result.slots == ["47292 豆 1", "４７２９２７ - 2", "4729270 - 3", "ABCDEF - 4"])
    #expect(
      result.verdicts == [
        "1 INVALID_INDUSTRY_CODE 行業代號", "1 INVALID_INDUSTRY_CODE 行業代號1", "1 INVALID_INDUSTRY_CODE 行業代號2",
        "1 INVALID_INDUSTRY_CODE 行業代號3",
      ])
  }

  @Test func `an invalid code that repeats warns once`() {
    let result = industries("x,豆,x,酒,\" x\",雜,X,")
    #expect(result.slots == ["x 豆 1", "X - 4"])
    #expect(result.repeatedIndustryCodes == 2)
    #expect(result.verdicts == ["1 INVALID_INDUSTRY_CODE 行業代號", "1 INVALID_INDUSTRY_CODE 行業代號3"])
  }

  @Test func `canonically equivalent codes are different codes`() {
    #expect(industries("\u{E9},,e\u{301},,行,,\u{FA08},").industries.count == 4)
  }
}
