import Schedules
import Testing

@Suite struct TimetableLinesTests {
  @Test(arguments: [
    ("UTC\t0\t3\t*/5 * * * *", "300 600 900"), ("Asia/Taipei\t0\t1\t30 8\t* * *", "1800"), ("UTC\t0\t0\t@daily", ""),
    ("UTC\t0\t2\t0 0 30 2 *", ""),
    ("UTC\t0\t1\t61 * * * *", "error minute: 61 is not in 0-59"),
    ("CST\t0\t1\t* * * * *", "error 'CST' is no time zone: write UTC or a name like Asia/Taipei"),
  ])
  func aLineIsAnsweredWithTimesOrAnError(_ line: String, _ expected: String) {
    #expect(TimetableLines.answer(line) == expected)
  }

  @Test(arguments: ["", "UTC", "UTC\t0\t1", "UTC\tx\t1\t@daily", "UTC\t0\t-1\t@daily", "UTC\t0\t10001\t@daily"])
  func anInvalidLineIsAnsweredWithTheFormat(_ line: String) {
    #expect(TimetableLines.answer(line).hasPrefix("error a line is: "))
  }
}
