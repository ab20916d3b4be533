import Postgres
import Records
import Support

/// Reads what the registry holds.
enum RegistryContent {
  /// Returns BAN and stored content hash of every business.
  static func hashes(_ session: inout Connection) throws -> PublishedHashes {
    var hashes = try empty(&session)
    var invalidBANs = 0
    try session.copyOut("COPY (SELECT ban, content_hash FROM tax_registration) TO STDOUT") { row in
      if let line = RegistrationLine(row) { hashes.insert(line.ban, line.contentHash) } else { invalidBANs += 1 }
    }
    if invalidBANs > 0 { hashes.invalidBANs = try self.invalidBANs(&session) }
    return hashes
  }

  /// Returns the stored content hashes of some businesses.
  static func hashes(of bans: [UInt32], _ session: inout Connection) throws -> [UInt32: Int64] {
    let rows = try session.rows(
      "SELECT ban, content_hash FROM tax_registration WHERE ban = ANY ($1)", [PostgresArray.of(bans: bans)])
    return try rows.reduce(into: [:]) { hashes, row in
      hashes[try row.ban("ban")] = try row.int("content_hash", as: Int64.self)
    }
  }

  /// Returns BAN and content hash of every business, hashed from its present content. The hash of a row that was edited
  /// by hand differs from the stored one.
  static func verifiedHashes(_ session: inout Connection) throws -> PublishedHashes {
    var hashes = try empty(&session)
    var business = BusinessReader()
    let columns = RegistrationImage.columns.map { "r.\($0)" }.joined(separator: ", ")
    try session.copyOut(
      String(sql: PackageResources.copy_businesses_sql, ["columns": columns])
    ) { row in business.read(row, into: &hashes) }
    business.close(into: &hashes)
    hashes.invalidBANs = try invalidBANs(&session)
    return hashes
  }

  private static func empty(_ session: inout Connection) throws -> PublishedHashes {
    let expected = try session.int(
      "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'tax_registration'::regclass")
    return PublishedHashes(expected: expected)
  }

  private static func invalidBANs(_ session: inout Connection) throws -> [String] {
    try session.rows("SELECT ban FROM tax_registration WHERE ban !~ '^[0-9]{8}$'").map { try $0.text("ban") }
  }
}

/// Rebuilds a business from its rows, one for each industry, in the form that transform hashed.
private struct BusinessReader {
  private var ban: UInt32?
  private var stored: Int64 = 0
  private var registration: [UInt8] = []
  private var industries: [UInt8] = []

  mutating func read(_ row: UnsafeRawBufferPointer, into hashes: inout PublishedHashes) {
    guard let next = BANText.parse(row), row.count > 9, row[8] == .tab else { return }
    let fields = CopyLine.split(row, 5)
    guard fields.count == 6 else { return }
    if next != ban {
      close(into: &hashes)
      ban = next
      stored = RegistrationLine.decimal(fields[4]) ?? 0
      registration.removeAll(keepingCapacity: true)
      CopyLine.append(fields[5], to: &registration)
    }
    // The code is NULL if the business has no industries.
    guard !(fields[1].count == 2 && fields[1][0] == UInt8(ascii: "\\") && fields[1][1] == UInt8(ascii: "N")) else {
      return
    }
    for (index, field) in fields[0..<4].enumerated() {
      CopyLine.append(field, to: &industries)
      industries.append(index == 3 ? .lineFeed : .tab)
    }
  }

  mutating func close(into hashes: inout PublishedHashes) {
    guard let ban else { return }
    let actual = registration.withUnsafeBytes { registration in
      industries.withUnsafeBytes { ContentHash.of(registration: registration, industries: $0) }
    }
    hashes.insert(ban, actual)
    if actual != stored { hashes.edited[ban] = stored }
    self.ban = nil
    industries.removeAll(keepingCapacity: true)
  }
}
