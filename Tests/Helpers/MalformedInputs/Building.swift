/// A piece of a file: text, or arbitrary bytes.
struct Piece: ExpressibleByStringInterpolation, ExpressibleByArrayLiteral {
  var bytes: [UInt8]

  init(stringLiteral text: String) { bytes = Array(text.utf8) }
  init(arrayLiteral bytes: UInt8...) { self.bytes = bytes }
  init(_ bytes: [UInt8]) { self.bytes = bytes }
}

func file(_ name: String, why: String, _ pieces: Piece...) -> MalformedFile {
  MalformedFile(name: name, bytes: pieces.flatMap(\.bytes), why: why)
}

/// The shortest accepted header; it keeps files small that do not need other columns.
let shortHeader: Piece = "統一編號,營業人名稱\n"

/// A header with one more column.
let addressHeader: Piece = "統一編號,營業人名稱,營業地址\n"

let fullHeader: Piece =
  "營業地址,統一編號,總機構統一編號,營業人名稱,資本額,設立日期,組織別名稱,使用統一發票,行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2,行業代號3,名稱3\n"

/// An accepted record for the short header: a file without one is refused.
let good: Piece = "20000003,好店\n"

let byteOrderMark: Piece = [0xEF, 0xBB, 0xBF]

func repeated(_ text: String, _ count: Int) -> Piece {
  Piece(Array(String(repeating: text, count: count).utf8))
}

/// Returns a BAN with a valid check digit for each index, so that only the intended findings occur.
func ban(_ index: Int) -> String {
  let (tens, ones) = (index / 10 % 10, index % 10)
  // After 1000, the tens weigh 1, the ones 2, the 0 nothing; the last digit completes a multiple of 5.
  let sum = 1 + tens + 2 * ones / 10 + 2 * ones % 10
  return "1000\(tens)\(ones)0\((5 - sum % 5) % 5)"
}

/// Returns a value as a quoted field. Works on scalars: a quote with a combining accent is a single Character.
public func quotedField(_ value: String) -> String {
  var field = String.UnicodeScalarView("\"".unicodeScalars)
  for scalar in value.unicodeScalars {
    if scalar == "\"" { field.append(scalar) }
    field.append(scalar)
  }
  field.append("\"")
  return String(field)
}
