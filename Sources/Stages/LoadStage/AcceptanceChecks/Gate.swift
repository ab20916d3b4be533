import CommandKit
import Postgres
import Records
import Spool

/// The acceptance checks: whether a snapshot may be published, by comparison with the last publication.
struct Gate {
  let bounds: GateBounds
  /// Nil if no whole snapshot was ever published.
  let baseline: Baseline?
  /// Columns whose absence was accepted: the last published snapshot lacks them too.
  let knownMissing: [String]
  /// Seconds since 1970.
  let now: Int
  /// Shares are checked from this number of records.
  private static let recordsMin = 100
  /// Losses of a city or county are checked from this number of businesses.
  private static let cityRecordsMin = 50

  init(_ settings: LoadSettings, _ baseline: Baseline? = nil, knownMissing: [String] = []) {
    bounds = settings.bounds
    self.baseline = baseline
    self.knownMissing = knownMissing
    now = settings.now()
  }

  /// Returns why a load may not publish a snapshot; empty if it may.
  static func refusals(
    _ settings: LoadSettings, _ snapshot: FinalizedSnapshot, last: Publication?, registrations: Int, lost: Int,
    emptied: (inout Connection) throws -> EmptiedColumns, _ session: inout Connection
  ) throws -> [String] {
    // Not checked: rollbacks and corrections, on which a person decides, and a repeated publication, which changes
    // nothing. A limited snapshot or a sample does not repeat a whole one, even if it has as many records.
    let isPublished = last.map { $0.holds(snapshot) && $0.whole == snapshot.whole } ?? false
    guard settings.action == .load, !isPublished else { return [] }
    let baseline = try Baseline.last(&session)
    // Without a whole publication, those of samples count, so that an accepted column is not refused again.
    let knownMissing = try baseline == nil ? Baseline.missingColumns(&session) : baseline?.missingColumns ?? []
    return settings.budgetRefusals(snapshot)
      + Gate(settings, baseline, knownMissing: knownMissing).refusals(
        snapshot, registrations: registrations, lost: lost)
      + (baseline != nil && snapshot.whole && registrations >= recordsMin
        ? try emptied(&session).refusals(&session) : [])
  }

  /// Returns the refusals before the first publication, or before the first whole one.
  static func initialRefusals(
    _ settings: LoadSettings, _ snapshot: FinalizedSnapshot, _ session: inout Connection
  ) throws -> [String] {
    try refusals(settings, snapshot, last: nil, registrations: 0, lost: 0, emptied: { _ in EmptiedColumns() }, &session)
  }

  /// Returns the refusals if there is no registry yet.
  static func refusalsOfFile(_ settings: LoadSettings, _ snapshot: FinalizedSnapshot) -> [String] {
    settings.budgetRefusals(snapshot) + Gate(settings).refusals(snapshot, registrations: 0, lost: 0)
  }

  /// - Parameters:
  ///   - registrations: how many businesses the registry holds.
  ///   - lost: how many of them differ or are missing in the snapshot.
  /// - Returns: the refusals, each with its numbers; empty if the snapshot may be published.
  func refusals(_ snapshot: FinalizedSnapshot, registrations: Int, lost: Int) -> [String] {
    let file = [future(snapshot)].compactMap { $0 } + columns(snapshot) + unreadable(snapshot)
    guard let baseline else { return file }
    guard snapshot.whole else { return [part(snapshot, baseline)] + file }
    return [records(snapshot, baseline), change(registrations, lost)].compactMap { $0 } + cities(snapshot, baseline)
      + [date(snapshot, baseline)].compactMap { $0 } + file
  }

  private func part(_ snapshot: FinalizedSnapshot, _ baseline: Baseline) -> String {
    let what = snapshot.fetch.terms.limit.map { "limited to \($0) records" } ?? "a sample"
    return "it is \(what), and the registry holds the whole snapshot \(baseline.snapshot)"
  }

  /// Checks the number of records. Duplicates and blank records do not count against a decrease: a source that changes
  /// while it is read page by page may have duplicates in place of missing records.
  private func records(_ snapshot: FinalizedSnapshot, _ baseline: Baseline) -> String? {
    guard let before = baseline.records, let distinctBefore = baseline.distinctRecords, before >= Self.recordsMin else {
      return nil
    }
    let now = snapshot.totals.total
    let distinct = snapshot.totals.processed + snapshot.totals.failed
    let fewer = Double(distinctBefore - distinct) * 100 / Double(distinctBefore)
    if fewer > bounds.decrease {
      let which = (now, before) == (distinct, distinctBefore) ? "" : " without duplicates and blank ones"
      return
        "\(distinct) records\(which) where snapshot \(baseline.snapshot) has \(distinctBefore): \(percent(fewer)) fewer, more than --max-decrease \(limit(bounds.decrease))"
    }
    let more = Double(now - before) * 100 / Double(before)
    if more > bounds.increase {
      return
        "\(now) records where snapshot \(baseline.snapshot) has \(before): \(percent(more)) more, over --max-increase \(limit(bounds.increase))"
    }
    return nil
  }

  private func change(_ registrations: Int, _ lost: Int) -> String? {
    guard registrations >= Self.recordsMin else { return nil }
    let share = Double(lost) * 100 / Double(registrations)
    guard share > bounds.change else { return nil }
    return
      "\(lost) of \(registrations) businesses changed or vanished: \(percent(share)), more than --max-change \(limit(bounds.change))"
  }

  private func cities(_ snapshot: FinalizedSnapshot, _ baseline: Baseline) -> [String] {
    // A version of transform that did not count them wrote the manifest.
    guard let cities = snapshot.transform.cities else { return [] }
    return baseline.cities.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }.compactMap
    {
      city, before in
      let lost = before - cities[city, default: 0]
      guard before >= Self.cityRecordsMin, Double(lost) * 100 > bounds.cityLoss * Double(before) else {
        return nil
      }
      let share = percent(Double(lost) * 100 / Double(before))
      return
        "\(city) lost \(lost) of \(before) businesses: \(share), more than --max-city-loss \(limit(bounds.cityLoss))"
    }
  }

  private func date(_ snapshot: FinalizedSnapshot, _ baseline: Baseline) -> String? {
    guard let before = baseline.sourceDate else { return nil }
    guard let now = snapshot.transform.sourceDate else {
      return "it has no source date, so it may be older than \(before), which was published already"
    }
    // ISO 8601 sorts as text.
    guard now < before else { return nil }
    return "its source date \(now) is before \(before), which was published already"
  }

  /// Refuses a date after tomorrow, which would make all files with earlier dates too old. Tomorrow's date may come
  /// from a clock that is ahead. The project's own sample is exempt: its date is invented.
  private func future(_ snapshot: FinalizedSnapshot) -> String? {
    guard !snapshot.fetch.terms.sample, let date = snapshot.transform.sourceDate,
      let days = SourceAge.days(of: date, at: now), days < -SourceAge.daysAheadMax
    else { return nil }
    return "its source date \(date) is \(-days) days in the future"
  }

  private func columns(_ snapshot: FinalizedSnapshot) -> [String] {
    let whichHasIt = baseline?.missingColumns == nil ? "" : ", which snapshot \(baseline?.snapshot ?? "") has"
    return snapshot.transform.notes.missingColumns.filter { !knownMissing.contains($0) }.map {
      "it lacks the column \($0)\(whichHasIt)"
    }
  }

  /// Warnings that each stand for a value in another form than the column has: it is lost, or stored as it is.
  private static let malformed: [FindingCode] = [
    .invalidHeadquartersBAN, .invalidCapital, .invalidDate, .invalidInvoiceFlag, .invalidIndustryCode,
  ]

  private func unreadable(_ snapshot: FinalizedSnapshot) -> [String] {
    return Self.malformed.compactMap { code in
      let count = snapshot.transform.findingCounts[code.code, default: 0]
      // A record has up to four industries, each with a warning of its own.
      let (values, what) =
        code == .invalidIndustryCode
        ? (snapshot.transform.industries, "industries") : (snapshot.totals.processed, "accepted records")
      guard values >= Self.recordsMin, count * 2 > values else { return nil }
      return
        "\(count) findings \(code.code) in \(values) \(what): the source may have changed how it writes that column"
    }
  }

  /// Formats a share in percent with up to two decimals. Less than all is never rounded up to 100 %.
  private func percent(_ share: Double) -> String {
    let rounded = (share * 100).rounded() / 100
    return "\(share < 100 ? min(rounded, 99.99) : rounded) %"
  }

  private func limit(_ bound: Double) -> String { bound == bound.rounded() ? "\(Int(bound))%" : "\(bound)%" }
}
