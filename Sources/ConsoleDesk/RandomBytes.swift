/// From the kernel's generator.
public enum RandomBytes {
  public static func make(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  /// 256 bits as 64 hexadecimal digits: nobody guesses it.
  public static func token() -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: make(32).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
