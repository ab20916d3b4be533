import Foundation
import Schedules
import Testing

@Suite struct TimeZoneNameTests {
  @Test(arguments: [
    ("UTC", 0), ("Asia/Taipei", 28_800), ("Asia/Kolkata", 19_800), ("America/Argentina/Buenos_Aires", -10_800),
    ("Australia/Lord_Howe", 37_800),
  ])
  func aZoneNameIsKnown(_ name: String, _ offset: Int) throws {
    // 2024-07-01.
    #expect(try TimeZone.named(name).secondsFromGMT(for: Date(timeIntervalSince1970: 1_719_792_000)) == offset)
  }

  @Test(arguments: [
    "", " ", "utc", "GMT", "EST", "CST", "PST8PDT", "GMT+8", "GMT+08:00", "+0800", "Etc/GMT-8", "SystemV/EST5", "Asia",
    "Asia/", "/Taipei", "Asia/Nowhere", "asia/taipei", " Asia/Taipei", "Asia/Taipei\0", "Asia/Taipei\n", "亞洲/臺北",
    "../../etc/passwd", "/etc/localtime", "posix/Asia/Taipei",
  ])
  func otherNamesAreRefused(_ name: String) {
    let error = #expect(throws: TimingError.self) { try TimeZone.named(name) }
    #expect(error == TimingError(.unknownTimeZone, part: name))
  }

  @Test func aLongNameIsCutInTheError() {
    let error = #expect(throws: TimingError.self) { try TimeZone.named(String(repeating: "A/", count: 100_000)) }
    #expect(error?.part.count == 64)
  }
}
