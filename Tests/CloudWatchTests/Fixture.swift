import CloudWatch
import Foundation
import StructuredLogging
import TestSupport

/// Settings of an output to a service on loopback, with a folder for events that are not sent yet.
struct Fixture {
  let scratch = ScratchFolder()

  var folder: String { scratch.path + "/.unsent" }

  /// The names of the files with unsent events.
  var waiting: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }

  func settings(_ url: String, exitSeconds: Double = 30) -> CloudWatchSettings {
    var settings = CloudWatchSettings(
      destination: Destination(region: "ap-northeast-1", group: "/docker/etl", stream: "console"), endpoint: url,
      credentials: StaticCredentials(keys: AWSCredentials(keyID: "AKIDEXAMPLE", secret: "secret/with:marks")))
    settings.gatherSeconds = 0.05
    settings.exitSeconds = exitSeconds
    settings.waitingFolder = folder
    return settings
  }

  /// An address without a listener.
  static let nowhere = "http://127.0.0.1:1"
}

/// Returns a record with a unique message and `event_id`.
func record(_ number: Int, padding: Int = 0, at seconds: Int = 1_769_567_400) -> LogRecord {
  LogRecord(
    time: LogTime(secondsSince1970: seconds + number / 1000, milliseconds: number % 1000), level: .info, name: "load",
    message: "record \(number) " + String(repeating: "統", count: padding), fields: ["event_id": "\(number)"])
}

/// The `event_id` of each message.
func numbers(_ messages: [String]) throws -> [Int] {
  try messages.map { message in
    let line = try LoggedLine(message)
    guard line.path == "console", let number = Int(line.eventID) else { throw CocoaError(.coderInvalidValue) }
    return number
  }
}
