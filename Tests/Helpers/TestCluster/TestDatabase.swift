import Foundation
import Postgres

/// An empty schema for one test, in place of a database. (Creating a database takes 200 ms.)
public struct TestDatabase: Sendable {
  /// The name of the schema, also usable for roles and application names of the test.
  public let name: String
  public let url: String
  private let cluster: TestCluster

  /// Creates a schema, passes it to `body` and drops it.
  @discardableResult
  public static func with<Result>(_ body: (TestDatabase) throws -> Result) throws -> Result {
    let database = try TestDatabase()
    defer { database.drop() }
    return try body(database)
  }

  /// The same for an asynchronous body.
  @discardableResult
  public static func withAsync<Result>(_ body: (TestDatabase) async throws -> Result) async throws -> Result {
    let database = try TestDatabase()
    defer { database.drop() }
    return try await body(database)
  }

  /// The same with a separate database, for tests that affect a whole database. Needs the tests' own server.
  public static func withDatabase(encoding: String = "UTF8", _ body: (TestDatabase) throws -> Void) throws {
    try with { scratch in
      let name = scratch.name
      try scratch.execute("CREATE DATABASE \(name) ENCODING '\(encoding)' LOCALE 'C' TEMPLATE template0")
      defer { _ = try? scratch.execute("DROP DATABASE \(name) WITH (FORCE)") }
      let base = scratch.cluster.ownURL(user: "postgres", database: name)
      var session = try open(base)
      try session.execute("CREATE SCHEMA \(name)")
      try body(TestDatabase(name: name, url: url(base, schema: name), cluster: scratch.cluster))
    }
  }

  private init(name: String, url: String, cluster: TestCluster) {
    self.name = name
    self.url = url
    self.cluster = cluster
  }

  private init() throws {
    cluster = try TestCluster.shared.get()
    name = "t_" + UUID().uuidString.lowercased().filter { $0 != "-" }
    url = TestDatabase.url(cluster.url, schema: name)
    var session = try TestDatabase.open(cluster.url)
    try session.execute("CREATE SCHEMA \(name)")
  }

  /// Returns the URL of this schema for another role. Needs the tests' own server.
  public func url(user: String, password: String? = nil) -> String {
    TestDatabase.url(cluster.ownURL(user: user + (password.map { ":" + $0 } ?? "")), schema: name)
  }

  /// Returns the URL of another schema in the same database.
  public func url(schema: String) -> String { TestDatabase.url(cluster.url, schema: schema) }

  private static func url(_ url: String, schema: String) -> String {
    url + (url.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(schema)"
  }

  /// Opens a session as the schema's owner.
  public func open() throws -> Connection { try TestDatabase.open(url) }

  /// Runs statements as the schema's owner.
  @discardableResult
  public func execute(_ sql: String, _ parameters: [String?] = []) throws -> Rows {
    var session = try open()
    return try session.execute(sql, parameters)
  }

  /// The first column of the first row.
  public func scalar(_ sql: String) throws -> String? { try execute(sql).scalar }

  /// Returns all rows, each as one text with the columns joined by `|`, and NULL as `-`.
  public func rows(_ sql: String) throws -> [String] {
    try execute(sql).values.map { $0.map { $0 ?? "-" }.joined(separator: "|") }
  }

  private func drop() {
    guard var session = try? TestDatabase.open(cluster.url) else { return }
    _ = try? session.execute("SET client_min_messages = warning; DROP SCHEMA \(name) CASCADE")
  }

  /// Opens a session that sends statements unchanged, including those that begin and end transactions.
  public static func open(_ url: String) throws -> Connection {
    try Connection.open(try DatabaseAddress(url), applicationName: "registry-tests", settings: nil)
  }
}

extension Rows {
  /// The first column of the first row.
  public var scalar: String? { values.first?.first ?? nil }
  /// The first column of the first row as a number.
  public var number: Int? { scalar.flatMap { Int($0) } }
  /// The first column of the first row as a Boolean.
  public var truth: Bool { scalar == "t" }
}
