import Digest
import Foundation
import Schedules

/// The part of a schedule that users write.
public struct ScheduleDraft: Sendable, Equatable {
  public var name: String
  /// A full run or a dry run.
  public var kind: ConsoleTask.Kind
  /// A cron expression of five fields, or `every N minutes`.
  public var timing: String
  /// An IANA name such as Asia/Taipei.
  public var timeZone: String
  /// How many times it runs; -1 without end.
  public var repeats: Int
  /// The time limit of a run, which is then stopped cleanly.
  public var limitMinutes: Int
  /// How often a run that failed with a retryable error is started again.
  public var retries: Int
  /// How long after the failure.
  public var retryMinutes: Int

  /// The commands that a schedule may run.
  public static let kinds: [ConsoleTask.Kind] = [.run, .dryRun]

  public init(
    name: String, kind: ConsoleTask.Kind, timing: String, timeZone: String = "Asia/Taipei", repeats: Int = -1,
    limitMinutes: Int = 120, retries: Int = 0, retryMinutes: Int = 5
  ) {
    self.name = name
    self.kind = kind
    self.timing = timing
    self.timeZone = timeZone
    self.repeats = repeats
    self.limitMinutes = limitMinutes
    self.retries = retries
    self.retryMinutes = retryMinutes
  }

  /// A digest by which a form detects that another user has changed the schedule. `repeats` is not part of it, since it
  /// changes with each run.
  public var version: String {
    let fields = [name, kind.rawValue, timing, timeZone, "\(limitMinutes)", "\(retries)", "\(retryMinutes)"]
    return String(SHA256.of(Array(fields.joined(separator: "\u{1F}").utf8)).prefix(16))
  }

  /// Why a draft is invalid.
  public enum Fault: Error, Sendable, Equatable {
    case name
    case kind
    case timing(TimingError)
    case timeZone(TimingError)
    /// It is never due, as on 30 February.
    case neverDue
    case repeats
    case limit
    case retries
  }

  /// Parses the timing.
  ///
  /// - Parameter anchor: Unix seconds from which `every N minutes` is counted.
  public func timetable(anchor: Int64) throws(Fault) -> Timetable {
    Timetable(try rule(anchor: anchor), timeZone: try zone())
  }

  private func zone() throws(Fault) -> TimeZone {
    do { return try TimeZone.named(timeZone) } catch { throw .timeZone(error) }
  }

  private func rule(anchor: Int64) throws(Fault) -> Timing {
    do {
      let words = timing.lowercased().split(separator: " ")
      let minutes = words.count == 3 && words[0] == "every" && words[2].hasPrefix("minute") ? Int(words[1]) : nil
      return if let minutes { .every(try Interval(minutes: minutes, anchor: anchor)) } else {
        .cron(try CronExpression(timing))
      }
    } catch {
      throw .timing(error)
    }
  }

  /// Validates the draft.
  ///
  /// - Parameter now: Unix seconds.
  /// - Returns: everything that is invalid.
  public func faults(now: Int64) -> [Fault] {
    var faults: [Fault] = []
    let isName =
      1...64 ~= name.unicodeScalars.count
      && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    if !isName { faults.append(.name) }
    if !Self.kinds.contains(kind) { faults.append(.kind) }
    var rule: Timing?
    var zone: TimeZone?
    do { rule = try self.rule(anchor: now) } catch { faults.append(error) }
    do { zone = try self.zone() } catch { faults.append(error) }
    if let rule, let zone, Timetable(rule, timeZone: zone).next(after: now) == nil { faults.append(.neverDue) }
    if repeats != -1, !(1...1_000_000 ~= repeats) { faults.append(.repeats) }
    if !(1...1440 ~= limitMinutes) { faults.append(.limit) }
    if !(0...10 ~= retries && 1...1440 ~= retryMinutes) { faults.append(.retries) }
    return faults
  }

  /// Validates the draft.
  ///
  /// - Parameter now: Unix seconds.
  /// - Returns: when it is first due, in Unix seconds.
  public func check(now: Int64) throws(Fault) -> Int64 {
    if let fault = faults(now: now).first { throw fault }
    guard let first = try timetable(anchor: now).next(after: now) else { throw .neverDue }
    return first
  }
}
