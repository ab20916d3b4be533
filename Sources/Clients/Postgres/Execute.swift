import CLibPQ

/// A small result, as text.
public struct Rows: Sendable {
  /// Row by row; nil is NULL.
  public let values: [[String?]]
  /// How many rows the statement wrote or returned.
  public let affected: Int

  init() {
    values = []
    affected = 0
  }

  init(_ result: OpaquePointer) {
    let columns = PQnfields(result)
    values = (0..<PQntuples(result)).map { row in
      (0..<columns).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
      }
    }
    affected = Int(String(cString: PQcmdTuples(result))) ?? 0
  }

  public var isEmpty: Bool { values.isEmpty }
  /// The first column of the first row.
  public var scalar: String? { values.first?.first ?? nil }
  /// The same as a number.
  public var number: Int? { scalar.flatMap { Int($0) } }
  /// The same as a truth value.
  public var truth: Bool { scalar == "t" }
}

extension Connection {
  /// Runs a statement. Without parameters there may be several, separated by semicolons, and the last one answers.
  ///
  /// - Parameter parameters: values for `$1` …, as text; nil is NULL.
  @discardableResult
  public mutating func execute(_ sql: String, _ parameters: [String?] = []) throws -> Rows {
    let name = faultName(sql)
    try reach(.before, name)
    let rows = try inTransaction { try $0.perform(sql, parameters) }
    try reach(.after, name)
    return rows
  }

  /// Runs a statement that cannot run in a transaction, such as `CREATE INDEX CONCURRENTLY`. ``settings`` do not apply,
  /// so it must qualify all names.
  public mutating func executeOutsideTransaction(_ sql: String) throws { try perform(sql) }

  /// Sends a statement as it is.
  @discardableResult
  mutating func perform(_ sql: String, _ parameters: [String?] = []) throws -> Rows {
    try stop()
    let sent = parameters.isEmpty ? PQsendQuery(handle, sql) : send(sql, parameters)
    guard sent == 1 else { throw lost() }
    do {
      try flush()
      return try finishStatement()
    } catch {
      abandonStatement()
      throw error
    }
  }

  private func send(_ sql: String, _ parameters: [String?]) -> Int32 {
    // One block of memory for all values: libpq copies them before it returns.
    var text: [CChar] = []
    var starts: [Int?] = []
    for parameter in parameters {
      guard let parameter else {
        starts.append(nil)
        continue
      }
      starts.append(text.count)
      text.append(contentsOf: parameter.utf8.lazy.map { CChar(bitPattern: $0) })
      text.append(0)
    }
    return text.withUnsafeBufferPointer { text in
      let values = starts.map { start in start.flatMap { start in text.baseAddress.map { $0 + start } } }
      return PQsendQueryParams(handle, sql, Int32(values.count), nil, values, nil, nil, 0)
    }
  }
}
