import CLibSQLite
import Glibc

/// A SQLite database in a file.
public struct SQLiteDatabase: ~Copyable {
  private let handle: OpaquePointer

  /// Opens a database that no other process uses, and creates it if the file is empty or missing. Nothing is locked: not
  /// every network file system can.
  ///
  /// - Parameter temporaryFolder: where SQLite sorts more than its cache holds, unless SQLITE_TMPDIR names a folder.
  public init(private path: String, temporaryFolder: String) throws(SQLiteError) {
    setenv("SQLITE_TMPDIR", temporaryFolder, 0)
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(
      path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, "unix-none")
    guard let opened else { throw SQLiteError(code: code, message: "out of memory") }
    guard code == SQLITE_OK else {
      let error = SQLiteError(opened, code)
      sqlite3_close_v2(opened)
      throw error
    }
    handle = opened
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs one or more statements that return nothing.
  public func execute(_ sql: String) throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteError(handle, code) }
  }

  /// Prepares a statement, to be run many times.
  public func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw SQLiteError(handle, code) }
    return SQLiteStatement(prepared)
  }
}

/// A prepared statement. SQLite keeps its database open until the statement is gone.
public struct SQLiteStatement: ~Copyable {
  private let handle: OpaquePointer

  fileprivate init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { sqlite3_finalize(handle) }

  /// Runs the statement with a text as its parameter `?1`.
  ///
  /// - Parameter text: UTF-8. SQLite's limit for a text is 10^9 bytes.
  public func run(_ text: UnsafeRawBufferPointer) throws(SQLiteError) {
    // Without a destructor, SQLite takes the bytes to be valid until the parameter changes; `run` clears it before.
    let bytes = text.baseAddress?.assumingMemoryBound(to: CChar.self)
    try check(sqlite3_bind_text(handle, 1, bytes, Int32(clamping: text.count), nil))
    let code = sqlite3_step(handle)
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
    try check(code == SQLITE_DONE ? SQLITE_OK : code)
  }

  private func check(_ code: Int32) throws(SQLiteError) {
    guard code == SQLITE_OK else { throw SQLiteError(sqlite3_db_handle(handle), code) }
  }
}

/// An error of libsqlite3.
public struct SQLiteError: Error, Sendable {
  /// Whether the file or its disk is the cause.
  public let isOfStorage: Bool
  /// Whether the disk is full.
  public let isOfFullDisk: Bool
  public let message: String

  init(code: Int32, message: String) {
    // The low byte is the primary code.
    isOfStorage = [SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM].contains(code & 0xFF)
    isOfFullDisk = code & 0xFF == SQLITE_FULL
    self.message = message
  }

  fileprivate init(_ handle: OpaquePointer?, _ code: Int32) {
    self.init(code: code, message: String(cString: sqlite3_errmsg(handle)))
  }
}
