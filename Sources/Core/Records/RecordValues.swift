/// The values of one record by column, each field looked at once.
struct RecordValues: ~Copyable {
  /// For each ``Column``, by its raw value.
  private let values: UnsafeMutablePointer<FieldValue>
  /// As in the header: the field of each column, -1 where the source has none.
  private let fieldOf: UnsafeMutablePointer<Int>
  /// How many fields a record has to have.
  let fieldCount: Int

  init(_ header: Header) {
    fieldCount = header.names.count
    values = .allocate(capacity: Column.count)
    values.initialize(repeating: .missing, count: Column.count)
    fieldOf = .allocate(capacity: Column.count)
    for column in 0..<Column.count { fieldOf[column] = header.fieldOf[column] }
  }

  deinit {
    values.deallocate()
    fieldOf.deallocate()
  }

  /// Takes the values of a record that has as many fields as the header.
  @inline(__always)
  mutating func read(_ base: UnsafePointer<UInt8>, _ fields: UnsafePointer<RawField>) {
    for column in 0..<Column.count {
      let field = fieldOf[column]
      values[column] = field < 0 ? .missing : FieldValue(base, fields[field])
    }
  }

  @inline(__always)
  subscript(column: Column) -> FieldValue { values[column.rawValue] }

  /// The first column, in the published order, whose value is longer than accepted.
  @inline(__always)
  func tooLong(_ base: UnsafePointer<UInt8>) -> Column? {
    for column in 0..<Column.count where values[column].span.count > Column.shortestBound {
      // A scalar takes a byte at least.
      guard let column = Column(rawValue: column), let most = column.scalarsMax, self[column].span.count > most,
        !self[column].isMissing, self[column].scalars(base) > most
      else { continue }
      return column
    }
    return nil
  }
}
