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
    let name = probe == nil ? nil : StatementName.of(sql)
    try probe(name, isOver: false)
    let rows = try perform(sql, parameters)
    try probe(name, isOver: true)
    return rows
  }

  private mutating func perform(_ sql: String, _ parameters: [String?]) throws -> Rows {
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

  /// Runs `body` in a transaction: returning commits it, throwing rolls it back.
  ///
  /// - Parameter name: what it is called where statements are probed; see ``StatementProbe``.
  @discardableResult
  public mutating func transaction<Result>(
    _ name: String? = nil, _ begin: String = "BEGIN", _ body: (inout Connection) throws -> Result
  ) throws -> Result {
    transactionName = name
    defer { transactionName = nil }
    try execute(begin)
    do {
      let result = try body(&self)
      try commit()
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  /// A stop before COMMIT rolls back; once it is sent its answer is waited for, so that what was done is known. Ten
  /// seconds are enough for any server that is there.
  private mutating func commit() throws {
    try stop()
    let asked = stop
    let limit = Limit(seconds: 10)
    stop = { do { try asked() } catch { try limit.check(error) } }
    defer { stop = asked }
    try execute("COMMIT")
  }

  /// Rolls back what is open, as far as the session still can; where it cannot the server does it by itself.
  private mutating func rollBack() {
    let state = PQtransactionStatus(handle)
    guard state == PQTRANS_INTRANS || state == PQTRANS_INERROR else { return }
    let asked = stop
    let limit = Limit(seconds: 2)
    stop = { try limit.check(Limit.Over()) }
    defer { stop = asked }
    _ = try? execute("ROLLBACK")
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
