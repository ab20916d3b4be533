import Glibc
import Support

extension String {
  /// Returns the text, if it is a day: `YYYY-MM-DD`.
  ///
  /// - Parameter option: the option whose value it is.
  /// - Throws: category `usage`.
  func day(named option: String) throws(Failure) -> String {
    let parts = split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2], parts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }),
      let year = Int32(parts[0]), let month = Int32(parts[1]), let day = Int32(parts[2]), year > 0,
      Self.exists(year, month, day)
    else { throw Failure(.usage, "\(option) '\(self)' is not a date", hint: "for instance \(option) 2026-09-02") }
    return self
  }

  private static func exists(_ year: Int32, _ month: Int32, _ day: Int32) -> Bool {
    var date = tm()
    (date.tm_year, date.tm_mon, date.tm_mday) = (year - 1900, month - 1, day)
    timegm(&date)
    return (date.tm_year, date.tm_mon, date.tm_mday) == (year - 1900, month - 1, day)
  }
}
