import ConsoleStore
import Postgres
import TestCluster

/// A database for one test, because the console's schema has the same name in each.
struct ConsoleDatabase: Sendable {
  let url: String

  func open() throws -> Connection { try TestDatabase.open(url) }
}

enum ConsoleStoreHarness {
  static let password = "correct horse"

  static func with(install: Bool = true, _ body: (ConsoleDatabase, inout Connection) throws -> Void) throws {
    try TestDatabase.with { scratch in
      try scratch.execute("CREATE DATABASE \(scratch.name)")
      defer { _ = try? scratch.execute("DROP DATABASE \(scratch.name) WITH (FORCE)") }
      let cluster = try TestCluster.shared.get()
      let database = ConsoleDatabase(url: cluster.ownURL(user: "postgres", database: scratch.name))
      var connection = try database.open()
      if install { try ConsoleSchema.install(on: &connection) }
      try body(database, &connection)
    }
  }
}
