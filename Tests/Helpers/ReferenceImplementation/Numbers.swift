/// Converts a capital: digits, or digits in groups of three, with an optional `.0…`; `nil` if invalid or over 2^63−1.
func capital(_ text: String) -> Int64? {
  let parts = text.unicodeScalars.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
  if parts.count > 2 { return nil }
  if parts.count == 2 {
    guard !parts[1].isEmpty, parts[1].unicodeScalars.allSatisfy({ $0 == "0" }) else { return nil }
  }

  let groups = parts[0].unicodeScalars.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
  for (index, group) in groups.enumerated() {
    guard !group.isEmpty, isDigits(group, count: group.utf8.count) else { return nil }
    if groups.count > 1 {
      guard index == 0 ? group.utf8.count <= 3 : group.utf8.count == 3 else { return nil }
    }
  }
  // Only digits are left, so Int64 can only refuse numbers over its bound.
  return Int64(groups.joined())
}

/// Returns whether the check digit of an eight-digit BAN is right, modulo 5.
func isBANChecked(_ ban: String) -> Bool {
  let digits = ban.utf8.map { Int($0) - 48 }
  let weights = [1, 2, 1, 2, 1, 2, 4, 1]
  var sum = 0
  for (digit, weight) in zip(digits, weights) {
    let product = digit * weight
    sum += product / 10 + product % 10
  }
  return sum % 5 == 0 || (digits[6] == 7 && (sum + 1) % 5 == 0)
}
