/// The legal form of a business (組織別名稱).
enum Organisation: Sendable {
  case soleProprietorship, partnership, limited, byShares, limitedPartnership, other, foreignBranch, branch, plant

  var text: StaticString {
    switch self {
    case .soleProprietorship: "獨資"
    case .partnership: "合夥"
    case .limited: "有限公司"
    case .byShares: "股份有限公司"
    case .limitedPartnership: "有限合夥"
    case .other, .plant: "其他"
    case .foreignBranch: "外國公司設立之分公司"
    case .branch: "本國公司設立之分公司"
    }
  }

  /// Whether it has a head office in the registry and no capital of its own.
  var isBranch: Bool { self == .branch || self == .plant }
}

/// Assigns legal forms, and head offices to branches.
///
/// Every sixteenth index is a company, never a branch, so that the head office of a branch follows from arithmetic
/// alone. Its index is lower than the branch's, so it is in the registry whenever the branch is, unless a later day
/// closed it.
struct OrganisationMaker: Sendable {
  static let stride = 16

  let seed: UInt64

  func organisation(of index: Int) -> Organisation {
    var random = RandomSource(seed: seed, .organisation, index: index)
    if index % OrganisationMaker.stride == 0 { return random.chance(6_000) ? .byShares : .limited }
    switch random.below(1_000) {
    case 0..<530: return .soleProprietorship
    case 530..<550: return .partnership
    case 550..<845: return .limited
    case 845..<900: return .byShares
    case 900..<901: return .limitedPartnership
    case 901..<930: return .other
    case 930..<935: return .foreignBranch
    case 935..<988: return .branch
    default: return .plant
    }
  }

  /// Returns the index of a branch's head office. About half of the branches belong to at most 200 chains.
  func headOffice(of index: Int) -> Int {
    var random = RandomSource(seed: seed, .headOffice, index: index)
    let companies = index / OrganisationMaker.stride + 1
    return OrganisationMaker.stride * random.below(random.chance(5_000) ? min(companies, 200) : companies)
  }
}
