/// Returns a shorter input that is wrong too. Removes smaller and smaller parts, in at most `steps` attempts.
func shortest(_ input: [UInt8], steps: Int = 3000, isWrong: ([UInt8]) -> Bool) -> [UInt8] {
  var best = input
  var left = steps
  func helps(_ candidate: [UInt8]) -> Bool {
    left -= 1
    guard left > 0, isWrong(candidate) else { return false }
    best = candidate
    return true
  }
  var size = max(1, best.count / 2)
  while size >= 1, left > 0 {
    var start = 0
    var helped = false
    while start < best.count, left > 0 {
      if helps(Array(best[..<start] + best[min(start + size, best.count)...])) { helped = true } else { start += size }
    }
    if !helped || size > 1 { size /= 2 }
  }
  return best
}
