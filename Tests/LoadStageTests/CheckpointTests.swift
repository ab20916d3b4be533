import LoadStage
import SeededRandom
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
  private let registrations = 10_000
  private var distance: Int { Int(Checkpoints.share * Double(registrations)) }

  @Test("every state is near a checkpoint or the registry itself, and there are no more checkpoints than needed")
  func spacing() {
    var random = SeededRandom()
    let dayMax = 1 + random.below(400)
    var publications: [Checkpoints.Publication] = []
    for number in 1...600 {
      publications.append(.init(jobRunID: number, changes: random.below(dayMax), hasCheckpoint: false))
      // The registry's size varies.
      store(&publications, registrations - random.below(500))
    }
    expectNear(publications, dayMax, "seed \(random.seed)")
    let total = publications.reduce(0) { $0 + $1.changes }
    #expect(publications.count(where: \.hasCheckpoint) <= total * 11 / (distance * 10) + 1, "seed \(random.seed)")
  }

  @Test("a feed without checkpoints gets one with each load, the newest first, and then no more")
  func catchingUp() {
    var publications = (1...400).map { Checkpoints.Publication(jobRunID: $0, changes: 100, hasCheckpoint: false) }
    var stored: [Int] = []
    while let run = Checkpoints.missing(publications, registrations: registrations) {
      stored.append(run)
      publications[run - 1].hasCheckpoint = true
      #expect(stored.count < 100)
    }
    expectNear(publications, 100, "\(stored)")
  }

  private func store(_ publications: inout [Checkpoints.Publication], _ registrations: Int) {
    guard let run = Checkpoints.missing(publications, registrations: registrations) else { return }
    publications[run - 1].hasCheckpoint = true
  }

  /// Checks the number of changes between each state and the nearest checkpoint, or the registry itself.
  private func expectNear(_ publications: [Checkpoints.Publication], _ dayMax: Int, _ comment: Comment) {
    var sum = 0
    let places = publications.map { publication in
      sum += publication.changes
      return sum
    }
    let anchors = zip(publications, places).filter(\.0.hasCheckpoint).map(\.1) + [sum]
    for place in [0] + places {
      let nearest = anchors.map { abs($0 - place) }.min() ?? 0
      #expect(nearest <= distance * 3 / 4 + dayMax, comment)
    }
  }
}
