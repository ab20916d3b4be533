import Foundation
import Postgres

/// An empty database, or an empty schema of the server that was given, for one test.
public struct TestDatabase: Sendable {
  public let name: String
  public let url: String
  private let cluster: TestCluster

  /// Makes one, hands it over and drops it.
  public static func with<Result>(_ body: (TestDatabase) throws -> Result) throws -> Result {
    let database = try TestDatabase()
    defer { database.drop() }
    return try body(database)
  }

  private init() throws {
    cluster = try TestCluster.shared.get()
    name = "t_" + UUID().uuidString.lowercased().filter { $0 != "-" }
    if let given = cluster.givenURL {
      url = given + (given.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(name)"
      var session = try TestDatabase.open(given)
      try session.execute("CREATE SCHEMA \(name)")
    } else {
      url = cluster.url(database: name, user: "postgres")
      var session = try TestDatabase.open(cluster.url(database: "postgres", user: "postgres"))
      try session.execute("CREATE DATABASE \(name)")
    }
  }

  /// The same database as another role; only in a server of our own.
  public func url(user: String, password: String? = nil) -> String {
    cluster.url(database: name, user: user + (password.map { ":" + $0 } ?? ""))
  }

  /// A session as its owner.
  public func open() throws -> Connection { try TestDatabase.open(url) }

  /// Runs statements as its owner.
  @discardableResult
  public func execute(_ sql: String, _ parameters: [String?] = []) throws -> Rows {
    var session = try open()
    return try session.execute(sql, parameters)
  }

  /// The first column of the first row.
  public func scalar(_ sql: String) throws -> String? { try execute(sql).scalar }

  /// All rows, each as one text, with NULL as `-`.
  public func rows(_ sql: String) throws -> [String] {
    try execute(sql).values.map { $0.map { $0 ?? "-" }.joined(separator: "|") }
  }

  private func drop() {
    if let given = cluster.givenURL {
      guard var session = try? TestDatabase.open(given) else { return }
      _ = try? session.execute("DROP SCHEMA \(name) CASCADE")
    } else {
      guard var session = try? TestDatabase.open(cluster.url(database: "postgres", user: "postgres")) else { return }
      _ = try? session.execute("DROP DATABASE \(name) WITH (FORCE)")
    }
  }

  public static func open(_ url: String) throws -> Connection {
    try Connection.open(try Target(url), applicationName: "registry-tests")
  }
}
