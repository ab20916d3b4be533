/// An accepted record as it is stored: `nil` is NULL.
public struct ReferenceRegistration: Equatable, Sendable {
  public var ban: String
  public var headquartersBAN: String?
  public var businessName: String
  public var businessAddress: String?
  public var capitalAmount: Int64?
  /// The text as published, trimmed.
  public var businessSetupDate: String?
  /// The same day as ISO, where it is one.
  public var setupDate: String?
  public var businessType: String?
  public var isUseInvoice: Bool?

  public init(
    ban: String, headquartersBAN: String? = nil, businessName: String, businessAddress: String? = nil,
    capitalAmount: Int64? = nil, businessSetupDate: String? = nil, setupDate: String? = nil,
    businessType: String? = nil, isUseInvoice: Bool? = nil
  ) {
    self.ban = ban
    self.headquartersBAN = headquartersBAN
    self.businessName = businessName
    self.businessAddress = businessAddress
    self.capitalAmount = capitalAmount
    self.businessSetupDate = businessSetupDate
    self.setupDate = setupDate
    self.businessType = businessType
    self.isUseInvoice = isUseInvoice
  }

  public static func == (left: Self, right: Self) -> Bool {
    sameBytes(left.ban, right.ban)
      && sameBytes(left.headquartersBAN, right.headquartersBAN)
      && sameBytes(left.businessName, right.businessName)
      && sameBytes(left.businessAddress, right.businessAddress)
      && left.capitalAmount == right.capitalAmount
      && sameBytes(left.businessSetupDate, right.businessSetupDate)
      && sameBytes(left.setupDate, right.setupDate)
      && sameBytes(left.businessType, right.businessType)
      && left.isUseInvoice == right.isUseInvoice
  }
}

/// One row of an accepted record's industries.
public struct ReferenceIndustry: Equatable, Sendable {
  public var ban: String
  public var code: String
  public var name: String?
  /// The slot, 1 to 4.
  public var order: Int

  public init(ban: String, code: String, name: String? = nil, order: Int) {
    self.ban = ban
    self.code = code
    self.name = name
    self.order = order
  }

  public static func == (left: Self, right: Self) -> Bool {
    sameBytes(left.ban, right.ban) && sameBytes(left.code, right.code) && sameBytes(left.name, right.name)
      && left.order == right.order
  }
}
