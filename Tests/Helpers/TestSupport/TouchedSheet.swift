/// Returns an exported correction sheet in which every row counts as edited: its fingerprint column is renamed.
public func touched(_ sheet: [UInt8]) -> [UInt8] {
  let lines = sheet.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
  let head = String(decoding: lines[0], as: UTF8.self).replacing(",fingerprint,", with: ",touched,")
  return Array(head.utf8) + [10] + lines[1]
}
