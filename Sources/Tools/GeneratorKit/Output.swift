/// The header row with the names of the columns, as published.
let header = Array("營業地址,統一編號,總機構統一編號,營業人名稱,資本額,設立日期,組織別名稱,使用統一發票,行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2,行業代號3,名稱3".utf8)

/// Collects lines, passes them to the sink in blocks, and tracks the position.
struct Output<Failure: Error> {
  private static var blockSize: Int { 1 << 20 }

  /// Bytes that are not yet passed to the sink. Lines are appended here.
  var block: [UInt8] = []
  /// The line that the next record begins on; the first is 1.
  private(set) var line = 1
  private var handedOn = 0
  private var isAtStart = true
  private let lineEnd: [UInt8]
  private let sink: ([UInt8]) throws(Failure) -> Void

  init(lineEnd: [UInt8], sink: @escaping ([UInt8]) throws(Failure) -> Void) {
    self.lineEnd = lineEnd
    self.sink = sink
    block.reserveCapacity(Self.blockSize + (1 << 17))
  }

  var byteOffset: Int { handedOn + block.count }

  /// Begins a line. Writes the end of the line before only now, so that the last one can be left out.
  mutating func beginLine() throws(Failure) {
    if isAtStart {
      isAtStart = false
      return
    }
    block.append(contentsOf: lineEnd)
    line += 1
    if block.count >= Self.blockSize { try handOn() }
  }

  /// Adds line breaks inside quotes to the line number.
  mutating func count(lineBreaksIn bytes: [UInt8]) {
    line += bytes.count { $0 == UInt8(ascii: "\n") }
  }

  mutating func finish(withLineEnd: Bool) throws(Failure) {
    if withLineEnd { block.append(contentsOf: lineEnd) }
    try handOn()
  }

  private mutating func handOn() throws(Failure) {
    try sink(block)
    handedOn += block.count
    block.removeAll(keepingCapacity: true)
  }
}
