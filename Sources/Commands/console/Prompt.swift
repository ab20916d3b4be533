import ConsoleStore
import Glibc
import Support

/// Questions on the terminal.
enum Prompt {
  static func line(_ question: String) throws -> String {
    if isatty(STDIN_FILENO) != 0 { ask(question) }
    guard let line = readLine() else {
      throw Failure(
        .usage, "unable to read an answer: stdin has ended",
        hint: "run the command on a terminal, or pipe one line to stdin")
    }
    return line
  }

  /// Reads a new password: on a terminal twice and without echo, otherwise one line of stdin.
  static func newPassword() throws -> String {
    guard isatty(STDIN_FILENO) != 0 else { return try line("") }
    let first = try hidden("Password (at least \(PasswordHash.leastCharacters) characters): ")
    guard try hidden("Repeat the password: ") == first else {
      throw Failure(.usage, "the two passwords differ; nothing was changed", hint: "run the same command again")
    }
    return first
  }

  private static func hidden(_ question: String) throws -> String {
    var shown = termios()
    guard tcgetattr(STDIN_FILENO, &shown) == 0 else { return try line(question) }
    var quiet = shown
    quiet.c_lflag &= ~tcflag_t(ECHO)
    ask(question)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
      ask("\n")
    }
    guard let line = readLine() else {
      throw Failure(
        .usage, "no password was entered",
        hint: "run the same command again and type a password, or pipe one line to stdin")
    }
    return line
  }

  private static func ask(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
