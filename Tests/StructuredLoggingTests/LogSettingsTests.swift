import StructuredLogging
import Testing

@Suite struct LogSettingsTests {
  @Test(arguments: [
    ("LOG_FORMAT", "xml"), ("LOG_FORMAT", "text,"), ("LOG_FORMAT", "text json"), ("LOG_LEVEL", "loud"),
    ("LOG_LEVEL", "warn,error"),
  ])
  func anUnknownValueIsRefused(name: String, value: String) {
    let problem = LogSettings.problem { $0 == name ? value : nil }
    #expect(problem?.message == "invalid \(name) '\(value)'")
  }

  @Test(arguments: [
    ("LOG_FORMAT", "text"), ("LOG_FORMAT", "JSON"), ("LOG_FORMAT", "text,json"), ("LOG_LEVEL", "debug"),
    ("LOG_LEVEL", "Warning"),
  ])
  func aKnownValueIsAccepted(name: String, value: String) {
    #expect(LogSettings.problem { $0 == name ? value : nil } == nil)
  }

  @Test func unsetVariablesAreAccepted() { #expect(LogSettings.problem { _ in nil } == nil) }
}
