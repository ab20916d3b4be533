/// The COPY rows of accepted records: those of tax_registration and those of business_industry.
struct RegistrationRows: ~Copyable {
  private(set) var registrations = TextBuffer()
  private(set) var industries = TextBuffer()

  mutating func removeAll() {
    registrations.removeAll()
    industries.removeAll()
  }

  /// Appends the rows of a record, the hash of them all as the last column of the first.
  ///
  /// - Returns: how many rows of business_industry there are.
  @inline(__always)
  mutating func append(
    _ registration: ValidatedRegistration, _ values: borrowing RecordValues, of base: UnsafePointer<UInt8>
  ) -> Int {
    let start = registrations.count
    registrations.append(values[.ban], of: base)
    registrations.append(.tab)
    if registration.warnings.contains(.headquartersBAN) {
      registrations.appendNull()
    } else {
      registrations.append(values[.headquarters], of: base)
    }
    registrations.append(.tab)
    registrations.append(values[.name], of: base)
    registrations.append(.tab)
    registrations.append(values[.address], of: base)
    registrations.append(.tab)
    if let capital = registration.capital {
      registrations.append(decimal: capital)
    } else {
      registrations.appendNull()
    }
    registrations.append(.tab)
    registrations.append(values[.setupDate], of: base)
    registrations.append(.tab)
    if let date = registration.setupDate { registrations.append(date) } else { registrations.appendNull() }
    registrations.append(.tab)
    registrations.append(values[.type], of: base)
    registrations.append(.tab)
    if let flag = registration.usesInvoices {
      registrations.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
    } else {
      registrations.appendNull()
    }

    let industryStart = industries.count
    var count = 0
    for slot in Column.industrySlots where registration.hasIndustry(slot) {
      let column = Column.industry(slot)
      industries.append(values[.ban], of: base)
      industries.append(.tab)
      industries.append(values[column.code], of: base)
      industries.append(.tab)
      industries.append(values[column.name], of: base)
      industries.append(.tab)
      industries.append(.zero + UInt8(slot))
      industries.append(.lineFeed)
      count += 1
    }
    let hash = ContentHash.of(
      registrations.pointer(at: start), registrations.count - start, industries.pointer(at: industryStart),
      industries.count - industryStart)
    registrations.append(.tab)
    registrations.append(decimal: hash)
    registrations.append(.lineFeed)
    return count
  }
}
