import ConsoleQueries
import Testing

@Suite("A refused snapshot")
struct RunRefusalTests {
  @Test("the snapshot and each reason are read from the run's error")
  func reasons() throws {
    let refusal = try #require(
      SnapshotRefusal(
        "snapshot 20261125T140504Z-8c782e27 is refused: 9000 records where snapshot 20261125T140312Z-387e7df5 has 20340: 55.75 % fewer, more than --max-decrease 5%; 南投縣 lost 219 of 387 businesses: 56.59 %, more than --max-city-loss 50%"
      ))
    #expect(refusal.snapshot == "20261125T140504Z-8c782e27")
    #expect(refusal.isAcceptable)
    #expect(
      refusal.reasons == [
        "9000 records where snapshot 20261125T140312Z-387e7df5 has 20340: 55.75 % fewer, more than --max-decrease 5%",
        "南投縣 lost 219 of 387 businesses: 56.59 %, more than --max-city-loss 50%",
      ])
  }

  @Test("a snapshot without accepted records cannot be accepted")
  func nothingAccepted() throws {
    let refusal = try #require(SnapshotRefusal("snapshot S1 is refused: not one of its 12 records is accepted"))
    #expect(!refusal.isAcceptable)
  }

  @Test(
    "other errors and invalid snapshot names are not a refusal",
    arguments: [
      "", "snapshot ", "snapshot is refused: x", "the disk is full", "snapshot a b is refused: x",
      "snapshot --force is refused: x", "snapshot 雪 is refused: x", "snapshot S1 is refused",
    ])
  func noRefusal(_ error: String) { #expect(SnapshotRefusal(error) == nil) }
}
