import LoadStage
import SeededRandom
import Spool
import TestSupport
import Testing

@Suite("Retention plan")
struct RetentionPlanTests {
  /// `F`: fetched; `T`: also transformed; both were published. `f`, `t`: the same, but a sample or never published.
  /// `d`: an incomplete download. A following `!`: the snapshot is wanted. Fates: `k`eep, `s`trip, `r`emove.
  @Test(
    "the newest are kept, the older ones of them stripped, wanted ones left unchanged",
    arguments: [
      ("", 7, ""), ("T", 1, "k"), ("TT", 1, "rk"), ("TTT", 1, "rrk"), ("TTT", 2, "rkk"),
      // Two of the kept snapshots keep transform's output.
      ("TTTTT", 4, "rsskk"), ("TTTTT", 7, "ssskk"), ("TTT", 7, "skk"), ("FTT", 7, "kkk"), ("FFF", 7, "kkk"),
      ("TFF", 7, "skk"), ("TTTF", 3, "rskk"),
      // A wanted snapshot is kept at any age.
      ("T!TTT", 1, "krrk"), ("T!TTTT", 3, "krskk"), ("TT!TTT", 2, "rkrkk"), ("T!T!TT", 1, "kkrk"), ("T!", 1, "k"),
      ("F!TT", 1, "krk"), ("TT!T", 7, "skk"),
      // Incomplete downloads: only the newest can be resumed; the others are removed and do not count.
      ("d", 1, "k"), ("dT", 1, "rk"), ("Td", 1, "kk"), ("dd", 7, "rk"), ("TdT", 2, "krk"), ("dTdTdTd", 2, "rrrkrkk"),
      ("TTTd", 3, "skkk"), ("d!T", 1, "rk"), ("dT!", 1, "rk"),
      // Samples, dry runs and the like are counted separately.
      ("Tttttt", 1, "krrrrk"), ("TTtttt", 2, "kkrrkk"), ("tTtTt", 1, "rrrkk"), ("tttt", 2, "rrkk"),
      ("TTTttt", 3, "skkskk"),
      ("TTTf", 2, "rkkk"), ("t!TTt", 1, "krkk"), ("Ttttt", 7, "kssk" + "k"), ("tdT", 1, "krk"),
    ])
  func fates(_ snapshots: String, _ keep: Int, _ expected: String) throws {
    var facts: [RetentionPlan.Facts] = []
    for mark in snapshots {
      if mark == "!" {
        facts[facts.count - 1].isWanted = true
      } else {
        let id = SnapshotID.next(after: facts.last?.id)
        facts.append(
          .init(
            id, isFetched: mark != "d", hasTransform: "Tt".contains(mark), isPublished: "TF".contains(mark),
            isWanted: false))
      }
    }
    let fates = RetentionPlan.fates(facts, keep: keep).map { fate in
      switch fate {
      case .keep: "k"
      case .strip: "s"
      case .remove: "r"
      }
    }
    #expect(fates.joined() == expected)
  }

  @Test("for any spool: the newest and the wanted snapshots are kept, and no more than asked for besides")
  func anySpool() throws {
    let seed = UInt64.random(in: 0..<1_000_000)
    var generator = SeededRandom(seed: seed)
    for round in 0..<2000 {
      var facts: [RetentionPlan.Facts] = []
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        let isFetched = Int.random(in: 0..<4, using: &generator) > 0
        facts.append(
          .init(
            .next(after: facts.last?.id), isFetched: isFetched,
            hasTransform: isFetched && Bool.random(using: &generator),
            isPublished: isFetched && Bool.random(using: &generator),
            isWanted: isFetched && Int.random(in: 0..<5, using: &generator) == 0))
      }
      let keep = Int.random(in: 1...6, using: &generator)
      let fates = RetentionPlan.fates(facts, keep: keep)
      let place = "seed \(seed), round \(round), keep \(keep): \(facts)"
      #expect(fates.count == facts.count && fates.last == .keep, "\(place)")
      let newest = [true, false].flatMap { isPublished in
        facts.indices.filter { facts[$0].isFetched && facts[$0].isPublished == isPublished }.suffix(keep)
      }
      for (index, fate) in fates.enumerated() {
        let fact = facts[index]
        let stays = fact.isWanted || newest.contains(index) || index == facts.count - 1
        #expect((fate != .remove) == stays, "\(place), at \(index)")
        if fate == .strip { #expect(fact.hasTransform && !fact.isWanted, "\(place), at \(index)") }
      }
    }
  }
}
