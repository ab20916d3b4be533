struct Header {
  var columns: [String]

  enum Reading {
    case header(Header)
    case refused(String)
  }

  static func read(_ record: ScannedRecord) -> Reading {
    if let error = record.error { return .refused("the header is not valid CSV: \(error.rawValue)") }
    let names = record.fields.map { trimmedText($0.bytes) }
    let columns = names.compactMap { $0 }
    if columns.count < names.count { return .refused("the header is not valid UTF-8, or has a NUL in it") }

    let header = Header(columns: columns)
    for known in publishedColumns where header.positions(of: known).count > 1 {
      return .refused("the header has the column \(known) twice")
    }
    for needed in ["統一編號", "營業人名稱"] where header.positions(of: needed).isEmpty {
      return .refused("the header has no column \(needed)")
    }
    return .header(header)
  }

  var missingColumns: [String] {
    publishedColumns.filter { positions(of: $0).isEmpty }
  }

  var unknownColumns: [String] {
    columns.filter { name in !isKnown(name) }
  }

  /// Returns the known column of the field at `position`; nil for an unknown column or beyond the header's end.
  func knownColumn(at position: Int) -> String? {
    guard position < columns.count, isKnown(columns[position]) else { return nil }
    return columns[position]
  }

  func position(of column: String) -> Int? {
    positions(of: column).first
  }

  private func positions(of column: String) -> [Int] {
    columns.indices.filter { sameBytes(columns[$0], column) }
  }

  private func isKnown(_ name: String) -> Bool {
    publishedColumns.contains { sameBytes($0, name) }
  }
}
