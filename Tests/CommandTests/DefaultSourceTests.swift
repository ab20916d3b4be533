import TLSProxy
import TestSupport
import Testing

/// `fetch` without --source: the published archive, or the CSV beside it. A proxy answers for the publisher.
@Suite struct DefaultSourceTests {
  private static let csv = "https://eip.fia.gov.tw/data/BGMOPEN1.csv"

  private func fetch(_ answer: String) throws -> (ended: Ended, log: [LogLine], connections: Int) {
    let proxy = try TLSProxy(.proxy(answer: answer), to: 0)
    let sandbox = CommandSandbox()
    let ended = try sandbox.run(
      "fetch", "--timeout", "3",
      variables: ["https_proxy": "http://127.0.0.1:\(proxy.port)", "LOG_FORMAT": "json"])
    #expect(try sandbox.snapshots.isEmpty)
    #expect(proxy.heads.allSatisfy { $0.hasPrefix("CONNECT eip.fia.gov.tw:443 ") })
    return (ended, try LogLine.read(ended.stderr), proxy.connections)
  }

  @Test func theCSVIsFetchedWithOneWarningWhenTheArchiveIsNotThere() throws {
    let (ended, log, connections) = try fetch("HTTP/1.1 404 No\r\n\r\n")
    #expect(ended.code == 69, "\(ended)")
    let warnings = log.filter { $0.fields["level"]?.string == "WARNING" }.map(\.message)
    #expect(warnings.count == 1, "\(warnings)")
    #expect(warnings.first?.hasSuffix(": fetching \(Self.csv) instead") == true, "\(warnings)")
    #expect(connections == 2)
  }

  @Test func theCSVIsNotFetchedAfterATemporaryError() throws {
    let (ended, log, _) = try fetch("HTTP/1.1 503 Later\r\n\r\n")
    #expect(ended.code == 75, "\(ended)")
    #expect(!log.contains { $0.message.contains(Self.csv) }, "\(ended)")
  }
}
