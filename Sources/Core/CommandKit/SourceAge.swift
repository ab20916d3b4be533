import Glibc

/// The age of a source, in days of Taiwan's time zone.
public enum SourceAge {
  /// Taiwan has one time zone and no daylight saving time.
  private static let secondsEastOfUTC = 8 * 3600

  /// Days that a date may be ahead. A later date counts as in the future.
  public static let daysAheadMax = 1

  /// Returns the age of a date in days.
  ///
  /// - Parameters:
  ///   - date: ISO 8601, as in manifests.
  ///   - now: seconds since 1970.
  /// - Returns: a negative number if it is in the future; nil if `date` is not a date.
  public static func days(of date: String, at now: Int = time(nil)) -> Int? {
    let parts = date.split(separator: "-", omittingEmptySubsequences: false).map { Int32($0) }
    guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2] else { return nil }
    var fields = tm()
    (fields.tm_year, fields.tm_mon, fields.tm_mday) = (year - 1900, month - 1, day)
    return (now + secondsEastOfUTC) / 86400 - timegm(&fields) / 86400
  }
}

extension Summary {
  /// What a run did for the registry. Alarms use it to tell whether the registry is kept current.
  enum Effect: String {
    case published
    /// The run went from the source to the registry, and found nothing new.
    case unchanged
    /// A single stage: it does not show whether the registry is current.
    case notChecked = "not_checked"
  }

  var effect: Effect {
    guard let load = stages["load"] else { return .notChecked }
    if load.result == "done" { return .published }
    return stages["fetch"] == nil ? .notChecked : .unchanged
  }

  /// The fields `source_date`, and `source_age_days` unless the source is a sample or its date is in the future.
  func sourceFields() -> [String: EventLog.Field] {
    guard let sourceDate else { return [:] }
    var fields: [String: EventLog.Field] = ["source_date": .text(sourceDate)]
    if source?.hasPrefix("sample:") != true, let days = SourceAge.days(of: sourceDate),
      days >= -SourceAge.daysAheadMax
    {
      // Tomorrow's date counts as today's.
      fields["source_age_days"] = .count(max(0, days))
    }
    return fields
  }
}
