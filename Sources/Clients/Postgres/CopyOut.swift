import CLibPQ
import Glibc

extension Connection {
  /// Runs `COPY … TO STDOUT` and passes `body` one row at a time, without the line end. If `body` throws, the rest is
  /// cancelled.
  ///
  /// - Returns: the number of rows.
  @discardableResult
  public mutating func copyOut(_ sql: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    try inTransaction { try $0.copy(sql, body) }
  }

  private mutating func copy(_ sql: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
    try begin(sql, expecting: PGRES_COPY_OUT)
    do {
      var rows = 0
      while true {
        var buffer: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(handle, &buffer, 1)
        defer { PQfreemem(buffer) }
        if count > 0 {
          try body(UnsafeRawBufferPointer(start: buffer, count: Int(count) - 1))
          rows += 1
        } else if count == 0 {
          _ = try wait(for: POLLIN)
          if PQconsumeInput(handle) == 0 { throw lost() }
        } else if count == -1 {
          _ = try finishStatement()
          return rows
        } else {
          throw lost()
        }
      }
    } catch {
      abandonStatement()
      throw error
    }
  }
}
