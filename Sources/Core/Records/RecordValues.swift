/// The values of one record by column. Each field is read once.
struct RecordValues: ~Copyable {
  /// For each ``Column``, by its raw value.
  private let values: UnsafeMutablePointer<FieldValue>
  /// The index of each column's field, as in the header; -1 if the source lacks the column.
  private let fieldOf: UnsafeMutablePointer<Int>
  /// For each column, the longest accepted value; `Int.max` if another rule validates the value.
  private let scalarsMax: UnsafeMutablePointer<Int>
  private let count = Column.count
  /// The number of fields that a record must have.
  let fieldCount: Int

  init(_ header: Header) {
    fieldCount = header.names.count
    values = .allocate(capacity: count)
    values.initialize(repeating: .missing, count: count)
    fieldOf = .allocate(capacity: count)
    scalarsMax = .allocate(capacity: count)
    for column in Column.allCases {
      fieldOf[column.rawValue] = header.fieldOf[column.rawValue]
      scalarsMax[column.rawValue] = column.scalarsMax ?? .max
    }
  }

  deinit {
    values.deallocate()
    fieldOf.deallocate()
    scalarsMax.deallocate()
  }

  /// Reads the values of a record that has as many fields as the header.
  @inline(__always)
  mutating func read(_ base: UnsafePointer<UInt8>, _ fields: UnsafePointer<RawField>) {
    for column in 0..<count {
      let field = fieldOf[column]
      values[column] = field < 0 ? .missing : FieldValue(base, fields[field])
    }
  }

  @inline(__always)
  subscript(column: Column) -> FieldValue { values[column.rawValue] }

  /// The first column, in the published order, whose value is longer than accepted.
  @inline(__always)
  func tooLong(_ base: UnsafePointer<UInt8>) -> Column? {
    for column in 0..<count {
      let value = values[column]
      // A scalar has at least one byte.
      guard value.span.count > scalarsMax[column], !value.isMissing, value.scalars(base) > scalarsMax[column] else {
        continue
      }
      return Column(rawValue: column)
    }
    return nil
  }
}
