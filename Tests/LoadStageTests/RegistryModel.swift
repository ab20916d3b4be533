import LoadStage

/// Reference model of the registry, its feed and its history, built from the snapshots alone.
struct RegistryModel {
  typealias State = [String: Business]

  private(set) var current: State = [:]
  /// All BANs that were ever published.
  private var seen: Set<String> = []
  /// The states that were published, in order.
  private(set) var published: [(job: Int, state: State)] = []
  private(set) var feed: [FeedRow] = []

  /// Publishes a state.
  ///
  /// - Returns: the rows that the publication adds to the feed, sorted by BAN; none for the first publication.
  @discardableResult
  mutating func publish(_ next: State, job: Int) -> [FeedRow] {
    let isBase = published.isEmpty
    let rows = isBase ? [] : Set(current.keys).union(next.keys).sorted().compactMap { row($0, next, job) }
    current = next
    seen.formUnion(next.keys)
    published.append((job, next))
    feed += rows
    return rows
  }

  /// Resets the model, as the first whole snapshot resets the registry.
  mutating func forget() { self = RegistryModel() }

  private func row(_ ban: String, _ next: State, _ job: Int) -> FeedRow? {
    let before = current[ban].map(BusinessImage.init)
    let after = next[ban].map(BusinessImage.init)
    switch (before, after) {
    case (nil, nil): return nil
    case (nil, .some):
      return FeedRow(job: job, ban: ban, kind: seen.contains(ban) ? "reappeared" : "added", after: after)
    case (.some, nil): return FeedRow(job: job, ban: ban, kind: "removed", reason: "absent", before: before)
    case (.some(let before), .some(let after)):
      let columns = before.differences(from: after)
      guard !columns.isEmpty else { return nil }
      return FeedRow(job: job, ban: ban, kind: "changed", changedColumns: columns, before: before, after: after)
    }
  }

  /// Returns the history of a business. It begins with the first publication if that contains the business.
  func history(_ ban: String) -> [FeedRow] {
    let base = published.first.flatMap { base in
      base.state[ban].map { FeedRow(job: base.job, ban: ban, kind: "added", after: BusinessImage($0)) }
    }
    return [base].compactMap { $0 } + feed.filter { $0.ban == ban }
  }
}

extension RegistryModel.State {
  /// The row counts of the two tables.
  var counts: RegistryState {
    RegistryState(registrations: count, industries: values.reduce(0) { $0 + $1.slots.count })
  }
}
