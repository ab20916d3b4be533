import CLibPQ

extension Connection {
  /// Runs a statement. Without parameters, `sql` may hold several, separated by semicolons; the result is the last
  /// one's.
  ///
  /// - Parameter parameters: values for `$1` …, as text; nil is NULL.
  @discardableResult
  public mutating func execute(_ sql: String, _ parameters: [String?] = []) throws -> Rows {
    let name = faultName(sql)
    try injectFaults(.before, name)
    let rows = try inTransaction { try $0.perform(sql, parameters) }
    try injectFaults(.after, name)
    return rows
  }

  /// Runs a statement that cannot run in a transaction, such as `CREATE INDEX CONCURRENTLY`. ``settings`` do not apply,
  /// so it must qualify all names.
  public mutating func executeOutsideTransaction(_ sql: String) throws { try perform(sql) }

  /// Sends a statement as it is and waits for its result.
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
    // One block of memory for all values; libpq copies them before it returns.
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
