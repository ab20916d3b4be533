/// The changes of one day: BANs, in ascending order.
public struct DayChanges: Codable, Sendable, Equatable {
  /// The day the changes lead to; 1 is the first.
  public let day: Int
  public package(set) var new: [String] = []
  public package(set) var closed: [String] = []
  public package(set) var returned: [String] = []
  public package(set) var moved: [String] = []
  public package(set) var renamed: [String] = []
  public package(set) var recapitalised: [String] = []

  package init(day: Int) {
    self.day = day
  }
}

/// The businesses in the registry on a day: those of day 0, after the changes of each day since.
struct Population: Sendable {
  private struct State {
    var revisions = Revisions()
    var isOpen = true
    /// The last day that changed it, so that no day changes a business twice.
    var touchedOn = 0
  }

  /// Indices in use: `0 ..< created`. Some may be closed.
  private(set) var created: Int
  private(set) var open: Int
  private(set) var days: [DayChanges] = []
  /// Only businesses that have changed. Never iterated, because its order differs from run to run.
  private var states: [Int: State] = [:]
  private var closed: [Int] = []
  private let registry: Registry

  init(_ registry: Registry, day: Int, changes: DailyChanges) throws(InvalidOptions) {
    self.registry = registry
    created = registry.initial
    open = registry.initial
    for day in 0..<day { try apply(changes, day: day + 1) }
  }

  /// The revisions of a business; nil if it is not in the registry.
  func revisions(_ index: Int) -> Revisions? {
    if states.isEmpty { return Revisions() }
    guard let state = states[index] else { return Revisions() }
    return state.isOpen ? state.revisions : nil
  }

  private mutating func apply(_ changes: DailyChanges, day: Int) throws(InvalidOptions) {
    var random = RandomSource(seed: registry.seed, .day, index: day)
    var listed = DayChanges(day: day)
    for _ in 0..<min(changes.returned, closed.count) {
      let chosen = random.below(closed.count)
      closed.swapAt(chosen, closed.count - 1)
      let index = closed.removeLast()
      change(index, day) { $0.isOpen = true }
      open += 1
      listed.returned.append(registry.ban(index))
    }
    var closing: [Int] = []
    for _ in 0..<changes.closed {
      let index = try pick(&random, day, "close") { _ in true }
      change(index, day) { $0.isOpen = false }
      open -= 1
      closing.append(index)
      listed.closed.append(registry.ban(index))
    }
    closed += closing
    for _ in 0..<changes.moved {
      let index = try pick(&random, day, "move") { _ in true }
      change(index, day) { $0.revisions.address += 1 }
      listed.moved.append(registry.ban(index))
    }
    for _ in 0..<changes.renamed {
      let index = try pick(&random, day, "rename") { _ in true }
      change(index, day) { $0.revisions.name += 1 }
      listed.renamed.append(registry.ban(index))
    }
    for _ in 0..<changes.recapitalised {
      let organisations = registry.organisations
      let index = try pick(&random, day, "recapitalise") { !organisations.organisation(of: $0).isBranch }
      change(index, day) { $0.revisions.capital += 1 }
      listed.recapitalised.append(registry.ban(index))
    }
    listed.new = (created..<created + changes.new).map(registry.ban)
    created += changes.new
    open += changes.new
    listed.sort()
    days.append(listed)
  }

  private mutating func change(_ index: Int, _ day: Int, _ body: (inout State) -> Void) {
    body(&states[index, default: State()])
    states[index]?.touchedOn = day
  }

  /// Picks a business that is open and has not changed that day: the first that qualifies from a random index on. This
  /// ends even if few are left.
  private func pick(
    _ random: inout RandomSource, _ day: Int, _ what: String, where qualifies: (Int) -> Bool
  ) throws(InvalidOptions) -> Int {
    let start = created > 0 ? random.below(created) : 0
    for step in 0..<created {
      let index = (start + step) % created
      let state = states[index] ?? State()
      if state.isOpen && state.touchedOn != day && qualifies(index) { return index }
    }
    throw InvalidOptions("day \(day) has too few businesses left to \(what)")
  }
}

extension DayChanges {
  fileprivate mutating func sort() {
    new.sort()
    closed.sort()
    returned.sort()
    moved.sort()
    renamed.sort()
    recapitalised.sort()
  }
}
