import FoundationEssentials

/// Paths of the console's own pages in a URL's query.
package enum LocalPath {
  /// Returns the text if it is a path of this site, else `/`.
  package static func checked(_ text: String?) -> String {
    guard let text, text.utf8.count <= 2048, text.hasPrefix("/"), !text.hasPrefix("//"),
      text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\\") })
    else { return "/" }
    return text
  }

  /// Percent-encodes a text for the value of a query.
  package static func encode(_ text: String) -> String {
    var encoded = ""
    let digits = Array("0123456789ABCDEF")
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default: encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return encoded
  }
}
