/// Passwords that attackers try first: well-known words with digits around them, keyboard rows, repetitions, and the
/// account's own name (NIST SP 800-63B, section 5.1.1.2).
package enum CommonPasswords {
  /// Whether the password is a common one.
  ///
  /// - Parameter name: the account's name.
  package static func contain(_ password: String, of name: String) -> Bool {
    let plain = password.lowercased().filter { !$0.isWhitespace }
    if isRepeated(plain) || isRun(plain) { return true }
    if plain.filter(\.isLetter).count < 4, isRun(plain.filter(\.isNumber)) { return true }
    let name = name.lowercased()
    let words = [word(plain), withLetters(word(plain)), word(withLetters(plain))]
    return words.contains { word in
      known.contains(word) || word == name || word == withLetters(name) || isRun(word) && word.count > 5
        || isPair(word, name)
    } || plain.replacing(name, with: "").count < 4
  }

  /// Removes leading and trailing digits and signs, which people add so that a password is accepted.
  private static func word(_ text: String) -> String {
    guard let first = text.firstIndex(where: \.isLetter), let last = text.lastIndex(where: \.isLetter) else {
      return ""
    }
    return String(text[first...last])
  }

  /// Whether it is two known words in a row, such as `passwordadmin`, or one with the account's name.
  private static func isPair(_ word: String, _ name: String) -> Bool {
    word.indices.dropFirst().contains { index in
      let parts = [String(word[..<index]), String(word[index...])]
      return parts.allSatisfy { known.contains($0) || $0 == name }
    }
  }

  /// Whether it repeats a part that is at most a third of its length.
  private static func isRepeated(_ text: String) -> Bool {
    let characters = Array(text)
    return (1...max(1, characters.count / 3)).contains { length in
      characters.indices.allSatisfy { characters[$0] == characters[$0 % length] }
    }
  }

  /// Whether it is a sequence of the alphabet, the digits or a keyboard row, forwards or backwards.
  private static func isRun(_ text: String) -> Bool {
    rows.contains { row in row.contains(text) || String(row.reversed()).contains(text) }
  }

  private static func withLetters(_ text: String) -> String { String(text.map { likeness[$0] ?? $0 }) }

  private static let likeness: [Character: Character] = [
    "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i",
  ]

  /// Sequences. The first ones are repeated, so that they may continue from the end to the beginning.
  private static let rows = [
    "01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopqwertyuiop", "asdfghjklasdfghjkl", "zxcvbnmzxcvbnm", "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
    "1q2w3e4r5t6y7u8i9o0p", "a1b2c3d4e5f6g7h8i9j0", "qazwsxedcrfvtgbyhnujm", "q1w2e3r4t5y6u7i8o9p0",
    "zaq12wsxcde34rfvbgt56yhn",
  ]

  private static let known = Set(
    """
    password passwd passwords passphrase passcode mypassword thepassword password1 secret secrets topsecret mysecret
    pass admin administrator root superuser sysadmin system user username guest test testing tester demo example
    sample default operator viewer manager owner master service support server localhost login logon signin letmein
    welcome hello hi changeme changeit change nopassword noaccess access open opensesame abracadabra temp temporary
    temppassword dummy public private internal console registry register business businessregistry postgres
    postgresql database oracle mysql sql data pipeline etl company office work home computer laptop internet network
    windows linux ubuntu debian google facebook apple microsoft amazon samsung taiwan taipei kaohsiung taichung
    formosa china asia iloveyou loveyou ilove love lover forever sunshine princess prince dragon monkey football
    baseball basketball soccer hockey superman batman spiderman pokemon starwars starwar matrix ninja shadow michael
    jordan jennifer jessica charlie daniel ashley nicole andrew thomas summer winter spring autumn january february
    march april june july august september october november december monday tuesday wednesday thursday friday
    saturday sunday freedom trustno trustme whatever nothing something anything cheese chocolate cookie coffee
    flower butterfly orange banana purple yellow silver golden diamond killer hunter ranger tigger tiger lion panda
    eagle falcon phoenix corvette mustang ferrari mercedes porsche harley yamaha money dollar lucky blessed jesus
    christ god angel angels heaven qwerty qwertz azerty asdf asdfgh zxcvb zxcvbn qazwsx qweasd qweasdzxc asdasd
    qweqwe abc abcd abcde abcdef aaa xxx wsx rfv edc
    """.split(whereSeparator: \.isWhitespace).map(String.init))
}
