import Schedules
import Testing

/// Invalid expressions are refused with the reason, field and part that a form can show.
@Suite struct TimingErrorTests {
  private static let refusals: [(String, CronField?, String, TimingError.Reason)] = [
    ("", nil, "", .fieldCount(0)), (" \t", nil, " \t", .fieldCount(0)), ("* * * *", nil, "* * * *", .fieldCount(4)),
    ("0 0 * * * *", nil, "0 0 * * * *", .fieldCount(6)),
    ("@reboot", nil, "@reboot", .unknownNickname), ("@", nil, "@", .unknownNickname),
    ("@daily 5", nil, "@daily 5", .unknownNickname),
    (String(repeating: "1,", count: 96) + "1 * * * *", nil, "", .tooLong(limit: 200)),
    ("60 * * * *", .minute, "60", .outOfRange(0...59)), ("* 24 * * *", .hour, "24", .outOfRange(0...23)),
    ("* * 0 * *", .dayOfMonth, "0", .outOfRange(1...31)), ("* * 1-32 * *", .dayOfMonth, "32", .outOfRange(1...31)),
    ("* * * 13 *", .month, "13", .outOfRange(1...12)), ("* * * 0/2 *", .month, "0", .outOfRange(1...12)),
    ("* * * * 8", .dayOfWeek, "8", .outOfRange(0...7)),
    ("1,2,99999999999999999999 * * * *", .minute, "99999999999999999999", .outOfRange(0...59)),
    ("x * * * *", .minute, "x", .unknownValue), ("* mon * * *", .hour, "mon", .unknownValue),
    ("* * * mon *", .month, "mon", .unknownValue), ("* * * * jan", .dayOfWeek, "jan", .unknownValue),
    ("* * * * monday", .dayOfWeek, "monday", .unknownValue), ("* * ? * *", .dayOfMonth, "?", .unknownValue),
    ("* * L * *", .dayOfMonth, "L", .unknownValue), ("* * * * 1#2", .dayOfWeek, "1#2", .unknownValue),
    ("+5 * * * *", .minute, "+5", .unknownValue), ("٥ * * * *", .minute, "٥", .unknownValue),
    ("5\u{A0}* * * * *", .minute, "5\u{A0}*", .unknownValue), ("5\n * * * *", .minute, "5\n", .unknownValue),
    ("** * * * *", .minute, "**", .unknownValue), ("*-5 * * * *", .minute, "*", .unknownValue),
    ("1-2-3 * * * *", .minute, "2-3", .unknownValue),
    ("1,,2 * * * *", .minute, "", .missingValue), ("* 1, * * *", .hour, "", .missingValue),
    ("-5 * * * *", .minute, "-5", .missingValue), ("5- * * * *", .minute, "5-", .missingValue),
    ("1,/5 * * * *", .minute, "/5", .missingValue),
    ("* 5-4 * * *", .hour, "5-4", .backwards), ("* * * nov-feb/2 *", .month, "nov-feb", .backwards),
    ("* * * * 7-1", .dayOfWeek, "7-1", .backwards), ("* * * * fri-mon", .dayOfWeek, "fri-mon", .backwards),
    ("*/0 * * * *", .minute, "0", .badStep(1...59)), ("*/60 * * * *", .minute, "60", .badStep(1...59)),
    ("* */24 * * *", .hour, "24", .badStep(1...23)), ("* * 1/ * *", .dayOfMonth, "", .badStep(1...31)),
    ("* * * 1-5/x *", .month, "x", .badStep(1...12)), ("* * * * */-1", .dayOfWeek, "-1", .badStep(1...7)),
    ("*/5/2 * * * *", .minute, "5/2", .badStep(1...59)),
    ("*/99999999999999999999 * * * *", .minute, "99999999999999999999", .badStep(1...59)),
    // The first error is reported.
    ("* 24 * 13 *", .hour, "24", .outOfRange(0...23)),
  ]

  @Test(arguments: refusals)
  func anInvalidExpressionIsRefusedWithItsReason(
    _ text: String, _ field: CronField?, _ part: String, _ reason: TimingError.Reason
  ) {
    let error = #expect(throws: TimingError.self) { try CronExpression(text) }
    #expect(error == TimingError(reason, part: part, field: field))
  }

  @Test func anExpressionMayHave200Bytes() throws {
    let text = String(repeating: "1,", count: 95) + "10 * * * *"
    #expect(text.utf8.count == CronExpression.longest)
    #expect(try CronExpression(text).text == text)
  }

  @Test func errorsAreEnglishTexts() {
    #expect("\(TimingError(.outOfRange(0...59), part: "60", field: .minute))" == "minute: 60 is not in 0-59")
    #expect("\(TimingError(.backwards, part: "5-4", field: .hour))" == "hour: the range '5-4' ends before it starts")
    let count = TimingError(.fieldCount(2), part: "a b")
    #expect(
      "\(count)"
        == "'a b' has 2 fields instead of five (minute, hour, day of month, month, day of week)")
  }

  @Test func everyReasonHasItsOwnText() {
    let reasons: [TimingError.Reason] = [
      .tooLong(limit: 200), .fieldCount(3), .unknownNickname, .missingValue, .unknownValue, .outOfRange(0...7),
      .backwards, .badStep(0...7), .badInterval(0...7), .unknownTimeZone,
    ]
    #expect(Set(reasons.map { "\(TimingError($0, part: "x"))" }).count == reasons.count)
  }
}
