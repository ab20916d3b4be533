/// A correction sheet as if somebody had touched every row of it: without the fingerprints nothing tells that nobody did.
public func touchedSheet(_ sheet: [UInt8]) -> [UInt8] {
  var sheet = sheet
  guard let name = sheet.firstRange(of: Array("fingerprint".utf8)) else { return sheet }
  sheet.replaceSubrange(name, with: Array("print".utf8))
  return sheet
}
