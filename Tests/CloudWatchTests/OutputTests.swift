import CloudWatch
import Foundation
import Logging
import StructuredLogging
import TestSupport
import Testing

/// Each logged event arrives once or is counted in the report.
@Suite struct OutputTests {
  @Test func everyEventArrivesOnceAndInOrder() throws {
    let (fixture, service) = (Fixture(), try LogsService())
    let output = CloudWatchOutput(fixture.settings(service.url))
    for number in 0..<25_000 { output.write(record(number)) }
    #expect(output.close() == CloudWatchOutput.Report())
    #expect(try numbers(service.messages) == Array(0..<25_000))
    #expect(service.batches.allSatisfy { $0.count <= 10_000 } && service.batches.count > 2)
    #expect(fixture.waiting == [])
    #expect(service.failures == [])
  }

  @Test func aMissingGroupAndStreamAreCreated() throws {
    let (fixture, service) = (Fixture(), try LogsService(groups: [], streams: []))
    let output = CloudWatchOutput(fixture.settings(service.url))
    output.write(record(1))
    #expect(output.close() == CloudWatchOutput.Report())
    #expect(
      service.actions == [
        "PutLogEvents", "CreateLogStream", "CreateLogGroup", "CreateLogStream", "PutLogEvents",
      ])
    #expect(try numbers(service.messages) == [1])
  }

  @Test func throttlingAndServerErrorsAreRetried() throws {
    let service = try LogsService { number, _ in
      switch number {
      case 1: .answer(status: 400, type: "com.amazonaws.logs#ThrottlingException")
      case 2: .answer(status: 503, type: "ServiceUnavailableException")
      case 3: .answer(status: 500, type: "")
      case 4: .answer(status: 429, type: "")
      default: .none
      }
    }
    let fixture = Fixture()
    let output = CloudWatchOutput(fixture.settings(service.url))
    for number in 0..<100 { output.write(record(number)) }
    #expect(output.close() == CloudWatchOutput.Report())
    #expect(try numbers(service.messages) == Array(0..<100))
    #expect(fixture.waiting == [])
  }

  @Test func unsentEventsAreSentByALaterProcess() throws {
    let fixture = Fixture()
    let first = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
    for number in 0..<10 { first.write(record(number)) }
    let report = first.close()
    #expect(report.waiting == 10 && report.dropped == 0 && report.rejected == 0)
    #expect(fixture.waiting.count == 1)
    // The outage continues for the second process.
    let second = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
    for number in 10..<15 { second.write(record(number)) }
    #expect(second.close().waiting == 15)
    #expect(fixture.waiting.count == 2)
    let service = try LogsService()
    let third = CloudWatchOutput(fixture.settings(service.url))
    third.write(record(15))
    #expect(third.close() == CloudWatchOutput.Report())
    #expect(try numbers(service.messages) == Array(0..<16))
    #expect(fixture.waiting == [])
  }

  /// Alarms evaluate the last minutes. A delayed error therefore gets the time at which it is sent.
  @Test func aDelayedErrorHasTheTimeOfItsDelivery() throws {
    let fixture = Fixture()
    let now = LogTime.now()
    let yesterday = LogTime(secondsSince1970: now.secondsSince1970 - 86_400, milliseconds: 5)
    func line(_ id: String, _ level: Logger.Level, _ time: LogTime, _ message: String = "text") -> LogRecord {
      LogRecord(time: time, level: level, name: "load", message: message, fields: ["event_id": .string(id)])
    }
    let first = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
    first.write(line("1", .info, yesterday, "\"level\":\"ERROR\""))
    first.write(line("2", .error, yesterday))
    #expect(first.close().waiting == 2)
    let service = try LogsService()
    let second = CloudWatchOutput(fixture.settings(service.url))
    second.write(line("3", .error, now))
    #expect(second.close() == CloudWatchOutput.Report())
    let sent = Dictionary(
      uniqueKeysWithValues: try service.batches.joined().map { (try LoggedLine($0.message).eventID, $0) })
    #expect(sent.count == 3 && service.messages.count == 3 && fixture.waiting == [])
    let (info, late, prompt) = (try #require(sent["1"]), try #require(sent["2"]), try #require(sent["3"]))
    #expect(info.timestamp == yesterday.millisecondsSince1970 && !info.message.contains("delayed_seconds"))
    #expect(late.timestamp >= now.millisecondsSince1970)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(late.message.utf8)) as? [String: Any])
    #expect(try #require(object["delayed_seconds"] as? Int) >= 86_399)
    #expect(object["timestamp"] as? String == yesterday.text)
    #expect(prompt.timestamp == now.millisecondsSince1970 && !prompt.message.contains("delayed_seconds"))
  }

  /// The file must be complete at any time, because the process may be killed at any time.
  @Test func theFileHasTheUnsentEventsAtAnyTime() throws {
    let fixture = Fixture()
    let service = try LogsService { number, _ in number > 1 ? .answer(status: 503, type: "") : .none }
    let killed = CloudWatchOutput(fixture.settings(service.url, exitSeconds: 0))
    killed.write(record(0))
    try service.wait(requests: 1)
    for number in 1..<5 { killed.write(record(number)) }
    // The second request begins after the first was answered.
    try service.wait(requests: 2)
    let copy = Fixture()
    try FileManager.default.copyItem(atPath: fixture.folder, toPath: copy.folder)
    #expect(killed.close().waiting == 4)
    let next = try LogsService()
    #expect(CloudWatchOutput(copy.settings(next.url)).close() == CloudWatchOutput.Report())
    #expect(try numbers(next.messages) == [1, 2, 3, 4])
  }

  @Test func eventsForAnotherStreamAreKept() throws {
    let (fixture, service) = (Fixture(), try LogsService())
    let first = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
    first.write(record(1))
    #expect(first.close().waiting == 1)
    var other = fixture.settings(service.url)
    other.destination.stream = "other"
    let second = CloudWatchOutput(other)
    #expect(second.close() == CloudWatchOutput.Report())
    #expect(service.actions == [] && fixture.waiting.count == 1)
    let third = CloudWatchOutput(fixture.settings(service.url))
    #expect(third.close() == CloudWatchOutput.Report())
    #expect(try numbers(service.messages) == [1])
  }

  @Test func wrongKeysStopTheSendingAndEventsAreKept() throws {
    let (fixture, service) = (
      Fixture(), try LogsService { _, _ in .answer(status: 400, type: "UnrecognizedClientException") }
    )
    let output = CloudWatchOutput(fixture.settings(service.url))
    for number in 0..<3 { output.write(record(number)) }
    let report = output.close()
    #expect(report.waiting == 3 && report.reason?.contains("UnrecognizedClientException") == true, "\(report)")
    #expect(service.actions.count == 1, "a request that cannot succeed is not retried")
  }

  @Test func rejectedEventsAreCounted() throws {
    let info = "{\"tooOldLogEventEndIndex\":2,\"expiredLogEventEndIndex\":3,\"tooNewLogEventStartIndex\":9}"
    let (fixture, service) = (Fixture(), try LogsService { _, _ in .rejecting(info) })
    var settings = fixture.settings(service.url)
    settings.gatherSeconds = 30
    let output = CloudWatchOutput(settings)
    for number in 0..<10 { output.write(record(number)) }
    #expect(output.close().rejected == 4)
    #expect(fixture.waiting == [])
  }

  /// If the service refuses a batch, the invalid event in it is found and all others arrive.
  @Test func oneInvalidEventDoesNotAffectOthers() throws {
    let service = try LogsService(refusing: "record 617 ")
    let fixture = Fixture()
    var settings = fixture.settings(service.url)
    settings.gatherSeconds = 30
    let output = CloudWatchOutput(settings)
    for number in 0..<1000 { output.write(record(number)) }
    let report = output.close()
    #expect(report.rejected == 1 && report.waiting == 0 && report.dropped == 0, "\(report)")
    #expect(report.rejectionReason?.contains("InvalidParameterException") == true)
    #expect(try numbers(service.messages) == (0..<1000).filter { $0 != 617 })
    #expect(fixture.waiting == [])
  }

  /// A file of the maximum size leaves the next process room for its own events.
  @Test func aFullFileOfAnotherProcessLeavesRoom() throws {
    let fixture = Fixture()
    let first = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
    for number in 0..<10_000 { first.write(record(number, padding: 100)) }
    let kept = first.close().waiting
    #expect(kept > 5000 && kept < 10_000)
    let second = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
    for number in 10_000..<10_100 { second.write(record(number)) }
    let report = second.close()
    #expect(report.waiting == kept + 100 && report.dropped == 0, "\(report)")
  }

  /// The events exceed, several times, the size at which a completely sent file is emptied.
  @Test func anEmptiedFileStoresLaterEvents() throws {
    let (fixture, service) = (Fixture(), try LogsService())
    let output = CloudWatchOutput(fixture.settings(service.url))
    for round in 0..<6 {
      for number in 0..<700 { output.write(record(round * 700 + number, padding: 100)) }
      try service.wait(requests: round + 1)
    }
    #expect(output.close() == CloudWatchOutput.Report())
    #expect(try numbers(service.messages) == Array(0..<4200))
    #expect(fixture.waiting == [])
  }

  /// Memory is bounded: events beyond the bound are dropped and counted.
  @Test func everyEventIsCountedIfTheServiceDoesNotAnswer() throws {
    let (fixture, service) = (Fixture(), try LogsService { _, _ in .silence })
    let output = CloudWatchOutput(fixture.settings(service.url, exitSeconds: 0.2))
    for number in 0..<60_000 { output.write(record(number, padding: 100)) }
    let report = output.close()
    #expect(report.waiting + report.dropped == 60_000 && report.waiting > 5000 && report.dropped > 0, "\(report)")
    #expect(report.isThreadEnded)
    let next = try LogsService()
    let later = CloudWatchOutput(fixture.settings(next.url))
    #expect(later.close() == CloudWatchOutput.Report())
    #expect(try numbers(next.messages) == Array(0..<report.waiting))
  }

  @Test func unsentEventsAreCountedAsDroppedWithoutAFolder() throws {
    let fixture = Fixture()
    var settings = fixture.settings(Fixture.nowhere, exitSeconds: 0)
    settings.waitingFolder = fixture.scratch.path + "/none/.unsent"
    let output = CloudWatchOutput(settings)
    output.write(record(1))
    let report = output.close()
    #expect(report.dropped == 1 && report.waiting == 0)
  }

  /// Indexes outside the batch, up to the bounds of Int, are clamped and cause no overflow.
  @Test(arguments: [
    ("{\"rejectedLogEventsInfo\":{\"tooNewLogEventStartIndex\":-9223372036854775808}}", 3),
    ("{\"rejectedLogEventsInfo\":{\"tooOldLogEventEndIndex\":9223372036854775807,\"tooNewLogEventStartIndex\":0}}", 3),
    ("{\"rejectedLogEventsInfo\":{\"expiredLogEventEndIndex\":-5,\"tooNewLogEventStartIndex\":99}}", 0), ("{}", 0),
  ])
  func rejectionIndexesAreClampedToTheBatch(_ body: String, _ rejected: Int) throws {
    let (fixture, service) = (Fixture(), try LogsService { _, _ in .raw(status: 200, text: body) })
    var settings = fixture.settings(service.url)
    settings.gatherSeconds = 30
    let output = CloudWatchOutput(settings)
    for number in 0..<3 { output.write(record(number)) }
    let report = output.close()
    #expect(report.rejected == rejected && report.waiting == 0, "\(report)")
  }

  @Test(arguments: ["<h1>Please log in</h1>", "", "null", "[[[[", "\"{}\""])
  func anAnswerThatIsNotFromCloudWatchDeliversNothing(_ body: String) throws {
    let (fixture, service) = (Fixture(), try LogsService { _, _ in .raw(status: 200, text: body) })
    let output = CloudWatchOutput(fixture.settings(service.url, exitSeconds: 0.5))
    output.write(record(1))
    let report = output.close()
    #expect(report.waiting == 1 && report.rejected == 0 && report.reason != nil, "\(report)")
  }

  /// The number of events in an unreadable folder is unknown, so the report must not say 0.
  @Test func aFolderThatCannotBeReadIsReported() throws {
    let (fixture, service) = (Fixture(), try LogsService())
    _ = fixture.scratch.write([], to: ".unsent")
    let output = CloudWatchOutput(fixture.settings(service.url))
    output.write(record(1))
    let problem = try #require(output.close().folderProblem)
    #expect(problem == "unable to read '\(fixture.folder)': not a directory")
    #expect(try numbers(service.messages) == [1])
  }

  @Test func secretsInAnAnswerAreRemovedFromTheReason() throws {
    let token = "IQoJb3JpZ2luX2VjE+/token=="
    let text = "{\"__type\":\"AccessDeniedException\",\"message\":\"you sent \(token) and secret/with:marks\"}"
    let (fixture, service) = (Fixture(), try LogsService { _, _ in .raw(status: 400, text: text) })
    var settings = fixture.settings(service.url)
    settings.credentials = StaticCredentials(
      keys: AWSCredentials(keyID: "AKIDEXAMPLE", secret: "secret/with:marks", sessionToken: token))
    let output = CloudWatchOutput(settings)
    output.write(record(1))
    let reason = try #require(output.close().reason)
    #expect(reason.contains("you sent … and …"), "\(reason)")
  }

  /// A long outage leaves many files. Each process takes over some of them, so none runs out of descriptors.
  @Test func manyFilesAreTakenOverInSeveralProcesses() throws {
    let (fixture, service) = (Fixture(), try LogsService())
    for number in 0..<150 {
      let left = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
      left.write(record(number))
      #expect(left.close().waiting >= 1)
    }
    #expect(fixture.waiting.count == 150)
    for _ in 0..<3 { #expect(CloudWatchOutput(fixture.settings(service.url)).close() == CloudWatchOutput.Report()) }
    #expect(try numbers(service.messages).sorted() == Array(0..<150))
    #expect(fixture.waiting == [])
  }

  /// Invalid lines and files of any size are skipped.
  @Test func invalidLinesAreSkipped() throws {
    let (fixture, service) = (Fixture(), try LogsService())
    let first = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
    first.write(record(1))
    #expect(first.close().waiting == 1)
    let file = URL(filePath: fixture.folder + "/" + (fixture.waiting.first ?? ""))
    var content = try Data(contentsOf: file)
    let long = String(repeating: "x", count: 2 << 20)
    for line in ["-9223372036854775807 {}", "9223372036854775807 {}", "7 ", "8 \(long)", "no number", ""] {
      content += Data((line + "\n").utf8)
    }
    try content.write(to: file)
    for name in ["1.events", "2.events"] {
      let sparse = open(fixture.folder + "/" + name, O_WRONLY | O_CREAT, 0o600)
      #expect(ftruncate(sparse, off_t(Int64.max >> 2)) == 0 || errno == EFBIG)
      close(sparse)
    }
    let second = CloudWatchOutput(fixture.settings(service.url))
    second.write(record(2))
    let report = second.close()
    #expect(report.waiting == 0 && report.damagedLines == 6 && report.damagedFiles == 2, "\(report)")
    #expect(try numbers(service.messages) == [1, 2])
  }

  /// Files with a damaged header, links and pipes are kept and do not stop the sending.
  @Test func damagedFilesAreKept() throws {
    let (fixture, service) = (Fixture(), try LogsService())
    let first = CloudWatchOutput(fixture.settings(Fixture.nowhere, exitSeconds: 0))
    for number in 0..<3 { first.write(record(number)) }
    #expect(first.close().waiting == 3)
    let file = fixture.folder + "/" + (fixture.waiting.first ?? "")
    let whole = try Data(contentsOf: URL(filePath: file))
    // Its last line is cut, as a full disk or a killed process leaves it.
    try whole.dropLast(5).write(to: URL(filePath: file))
    try Data("999999999999999999999 x".utf8).write(to: URL(filePath: fixture.folder + "/1.events"))
    try Data(String(repeating: "9", count: 20).utf8).write(to: URL(filePath: fixture.folder + "/2.events"))
    try Data().write(to: URL(filePath: fixture.folder + "/3.events"))
    mkfifo(fixture.folder + "/4.events", 0o600)
    symlink("/etc/passwd", fixture.folder + "/5.events")
    let second = CloudWatchOutput(fixture.settings(service.url))
    second.write(record(9))
    var expected = CloudWatchOutput.Report()
    expected.damagedFiles = 4
    #expect(second.close() == expected)
    #expect(try numbers(service.messages) == [0, 1, 9])
    #expect(fixture.waiting == ["1.events", "2.events", "3.events", "4.events", "5.events"])
  }
}
