import FoundationEssentials
import GeneratorKit
import Testing

@Suite("The bundled sample")
struct SampleTests {
  private static let path = "Sources/Stages/FetchStage/Sample/BGMOPEN1-sample.csv"

  @Test("is the file that the generator makes with the sample's options")
  func unchanged() throws {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let shipped = try Data(contentsOf: URL(filePath: "/\(root)/\(SampleTests.path)"))
    #expect(Array(shipped) == (try Generator(.sample).generate().bytes))
  }

  @Test("has findings, and far fewer than 1 % rejections")
  func acceptable() throws {
    let (bytes, expectation) = try Generator(.sample).generate()
    expectEqual(expectation, PlainValidator(bytes), bytes)
    #expect(expectation.failed == 6)
    #expect(expectation.duplicated == 2)
    #expect(expectation.blank == 2)
    #expect(expectation.records == 3_030)
  }
}
