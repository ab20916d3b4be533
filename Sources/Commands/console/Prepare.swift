import ArgumentParser
import CommandKit
import ConsoleQueries
import Logging
import Postgres
import StructuredLogging

/// Creates what the console needs in the database. `serve` does the same, as far as its rights allow.
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Create the console's schema and the search indexes; --drop-indexes removes the indexes.")
  @Flag(help: "Remove the search indexes.") var dropIndexes = false
  @OptionGroup var database: DatabaseOptions

  func run() throws {
    let logger = Logs.logger("console")
    // The owner of the registry's tables needs no right on the console's schema.
    func onlyIndexes() {
      logger.notice("this login has no right on the schema 'console': only the search indexes are prepared")
    }
    try database.withStore(ifDenied: onlyIndexes) { connection in
      if dropIndexes { return try SearchIndexes.drop(on: &connection) }
      try Self.build(on: &connection, logger)
      for index in try SearchIndexes.list(on: &connection) {
        print("\(index.name)\t\(index.state.rawValue)\t\(index.bytes >> 20) MB")
      }
    }
  }

  static func build(on connection: inout Connection, _ logger: Logger) throws {
    guard try SearchIndexes.list(on: &connection).contains(where: { $0.state != .ready }) else { return }
    try SearchIndexes.build(on: &connection) { event in
      switch event {
      case .building(let name, let number, let count):
        logger.info("building search index \(number) of \(count): \(name)")
      case .built(let name): logger.info("built search index \(name)")
      case .analyzing: logger.debug("gathering statistics")
      }
    }
  }
}
