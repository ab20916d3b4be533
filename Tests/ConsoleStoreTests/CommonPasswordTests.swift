import ConsoleStore
import Testing

@Suite("Common passwords")
struct CommonPasswordTests {
  @Test(
    "are recognized with the usual changes and additions",
    arguments: [
      "1234567890", "0987654321", "1111111111", "aaaaaaaaaaaa", "abcabcabcabc", "1212121212", "qwertyuiop",
      "Qwertyuiop1",
      "poiuytrewq", "1q2w3e4r5t", "1qaz2wsx3edc", "password12", "Password123", "P@ssw0rd123", "p@$$w0rd!!",
      "passwordadmin",
      "Welcome2026!", "!!changeme!!", "admin123456", "administrator", "letmein1234", "iloveyou123", "a123456789",
      "123456789a",
      "qwerty123456", "businessregistry", "taiwan1234", "margaret2026", "Margaret!!!", "margaretmargaret",
      "m4rg4r3t123",
      "margaretpassword", "pass word 1234",
    ])
  func common(password: String) { #expect(CommonPasswords.contain(password, of: "margaret")) }

  @Test(
    "do not include other passwords",
    arguments: [
      "correct horse", "a long password", "another password", "correct horse battery staple", "咖啡好喝今天也要喝",
      "tr0ub4dor&3x",
      "hunter goes home", "94837162058", "margaret likes tea", "password of my own making",
    ])
  func others(password: String) { #expect(!CommonPasswords.contain(password, of: "margaret")) }
}
