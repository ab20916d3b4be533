import Support

/// The published values of a sheet's row as they were exported: by it a row that nobody touched is known, and left alone.
enum SheetFingerprint {
  /// Name of the column.
  static let column = "fingerprint"

  /// - Parameter values: one each for the published columns, in their order, as they stand in the cells less the escape.
  static func of(_ values: [[UInt8]]) -> String {
    var bytes: [UInt8] = []
    for value in values {
      bytes += value
      // No value holds it.
      bytes.append(0)
    }
    let hash = bytes.withUnsafeBytes { bytes in
      bytes.baseAddress.map { SipHash.hash($0, bytes.count, key: 0x7368_6565_7466_696e, 0x6765_7270_7269_6e74) } ?? 0
    }
    // A letter first, or a spreadsheet takes it for a number.
    return "x" + hash.padded(16, radix: 16)
  }
}
