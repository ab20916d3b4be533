import LoadStage

/// Reference model of the registry, its feed and its history, built from the snapshots alone.
struct RegistryModel {
  typealias State = [String: Business]

  private(set) var current: State = [:]
  /// The publication that brought a BAN first, of those that were not undone since.
  private(set) var firstSeen: [String: Int] = [:]
  /// The states that were published, in order.
  private(set) var published: [(job: Int, state: State)] = []
  private(set) var feed: [FeedRow] = []
  /// The job runs that rolled back.
  private(set) var rollbacks: Set<Int> = []

  /// Publishes a state.
  ///
  /// - Parameter target: the publication to which this one goes back, as an index of ``published``.
  /// - Returns: the rows that the publication adds to the feed, sorted by BAN; none for the first publication.
  @discardableResult
  mutating func publish(_ next: State, job: Int, rollbackTo target: Int? = nil) -> [FeedRow] {
    let isBase = published.isEmpty
    let rows = isBase ? [] : Set(current.keys).union(next.keys).sorted().compactMap { row($0, next, job) }
    current = next
    if let target {
      rollbacks.insert(job)
      firstSeen = firstSeen.filter { $1 <= target || next[$0] != nil }
    }
    firstSeen.merge(next.keys.map { ($0, published.count) }) { first, _ in first }
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
      return FeedRow(job: job, ban: ban, kind: firstSeen[ban] == nil ? "added" : "reappeared", after: after)
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
    return [base].compactMap { $0 } + shownFeed.filter { $0.ban == ban }
  }

  /// The feed as the views show it: with the reason of a removal by a rollback.
  var shownFeed: [FeedRow] {
    feed.map { row in
      var row = row
      if row.kind == "removed", rollbacks.contains(row.job) { row.reason = "rolled back" }
      return row
    }
  }
}

extension RegistryModel.State {
  /// The row counts of the two tables.
  var counts: RegistryState {
    RegistryState(registrations: count, industries: values.reduce(0) { $0 + $1.slots.count })
  }
}
