import ConsoleQueries
import SeededRandom
import Testing

@Suite("Translated messages")
struct RunMessageTests {
  @Test("values are extracted from a message and inserted into its translation")
  func translated() throws {
    let english = MessageTemplate("%1 lost %2 of %3 businesses: %4 %, more than --max-city-loss %5")
    let values = try #require(
      english.values(of: "南投縣 lost 219 of 387 businesses: 56.59 %, more than --max-city-loss 50%"))
    #expect(values == [1: "南投縣", 2: "219", 3: "387", 4: "56.59", 5: "50%"])
    #expect(MessageTemplate("%1：%3 家少了 %2 家（%4 %）").filled(with: values) == "南投縣：387 家少了 219 家（56.59 %）")
  }

  @Test(
    "a message that does not match the template has no values",
    arguments: [
      "", "lost", " lost 2 of 3 businesses", "A lost 2 of businesses", "A lost 2 of 3 businesses!",
      "xA lost  of 3 businesses", "A lost 2 of 3 business",
    ])
  func others(_ message: String) {
    #expect(MessageTemplate("%1 lost %2 of %3 businesses").values(of: message) == nil)
  }

  @Test("the last text of a template matches only the end of a message")
  func ending() {
    #expect(MessageTemplate("%1 is in").values(of: "batch is in is in") == [1: "batch is in"])
    #expect(MessageTemplate("done").values(of: "done") == [:])
    #expect(MessageTemplate("done").values(of: "done.") == nil)
    #expect(MessageTemplate("100% of %1").values(of: "100% of 甲") == [1: "甲"])
    #expect(MessageTemplate("%1").values(of: "甲\u{301}") == [1: "甲\u{301}"])
  }

  @Test("extracting from a filled template returns the values")
  func roundTrip() {
    var random = SeededRandom()
    let words = ["甲", "12", "a%1b", "é", "56.5 %", "--x"]
    for _ in 0..<300 {
      let count = 1 + random.below(4)
      let values = Dictionary(uniqueKeysWithValues: (1...count).map { ($0, words[random.below(words.count)]) })
      let template = MessageTemplate((1...count).map { "<\($0)|%\($0)" }.joined() + "|end>")
      #expect(template.values(of: template.filled(with: values)) == values, "seed \(random.seed)")
    }
  }
}
