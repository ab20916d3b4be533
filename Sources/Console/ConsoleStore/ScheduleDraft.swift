import Digest
import Foundation
import Schedules

/// A schedule as somebody writes it.
public struct ScheduleDraft: Sendable, Equatable {
  public var name: String
  /// A full run or a dry run.
  public var kind: ConsoleTask.Kind
  /// A cron expression of five fields, or `every N minutes`.
  public var timing: String
  /// Such as Asia/Taipei.
  public var timeZone: String
  /// How many times; -1 for ever.
  public var repeats: Int
  /// After this time its run is stopped cleanly.
  public var limitMinutes: Int
  /// How often a run that failed for a passing reason is started again, and how long after.
  public var retries: Int
  public var retryMinutes: Int

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

  /// Tells whether somebody else has changed the schedule since a form with it was opened. How often it is still to run
  /// does not count: that changes with each run.
  public var version: String {
    let fields = [name, kind.rawValue, timing, timeZone, "\(limitMinutes)", "\(retries)", "\(retryMinutes)"]
    return String(SHA256.of(Array(fields.joined(separator: "\u{1F}").utf8)).prefix(16))
  }

  /// What is wrong with it.
  public enum Fault: Error, Sendable, Equatable {
    case name
    case kind
    case timing(TimingError)
    case timeZone(TimingError)
    /// Its time never comes: the 30th of February.
    case neverDue
    case repeats
    case limit
    case retries
  }

  /// When it is due.
  ///
  /// - Parameters:
  ///   - anchor: Unix seconds from which `every N minutes` is counted.
  public func timetable(anchor: Int64) throws(Fault) -> Timetable {
    let zone: TimeZone
    do { zone = try TimeZone.named(timeZone) } catch { throw .timeZone(error) }
    do {
      let words = timing.lowercased().split(separator: " ")
      let minutes = words.count == 3 && words[0] == "every" && words[2].hasPrefix("minute") ? Int(words[1]) : nil
      let parsed: Timing =
        if let minutes { .every(try Interval(minutes: minutes, anchor: anchor)) } else {
          .cron(try CronExpression(timing))
        }
      return Timetable(parsed, timeZone: zone)
    } catch {
      throw .timing(error)
    }
  }

  /// - Parameter now: Unix seconds.
  /// - Returns: when it is due first.
  public func check(now: Int64) throws(Fault) -> Int64 {
    guard 1...64 ~= name.unicodeScalars.count,
      !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { throw .name }
    guard Self.kinds.contains(kind) else { throw .kind }
    guard repeats == -1 || 1...1_000_000 ~= repeats else { throw .repeats }
    guard 1...1440 ~= limitMinutes else { throw .limit }
    guard 0...10 ~= retries, 1...1440 ~= retryMinutes else { throw .retries }
    guard let first = try timetable(anchor: now).next(after: now) else { throw .neverDue }
    return first
  }
}
