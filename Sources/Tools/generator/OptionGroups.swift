import ArgumentParser
import GeneratorKit

struct ChangeOptions: ParsableArguments {
  @Option(help: "Businesses registered for the first time.")
  var new = 0

  @Option(help: "Businesses removed from the file.")
  var closed = 0

  @Option(help: "Businesses that return after an earlier day closed them; fewer if fewer are closed.")
  var returned = 0

  @Option(help: "Businesses with another address.")
  var moved = 0

  @Option(help: "Businesses with another name.")
  var renamed = 0

  @Option(help: "Businesses with another capital.")
  var recapitalised = 0

  var amounts: DailyChanges {
    DailyChanges(
      new: new, closed: closed, returned: returned, moved: moved, renamed: renamed, recapitalised: recapitalised)
  }
}

struct FormOptions: ParsableArguments {
  @Option(
    help: "Date in the stamp row of day 0; each day is one later. (default: 2026-09-01)",
    transform: { text in
      guard let date = CalendarDate(iso: text) else {
        throw ValidationError("'\(text)' is not a date like 2026-09-01.")
      }
      return date
    })
  var date = GeneratorOptions(rows: 0).date

  @Flag(help: "Leave out the stamp row.")
  var noStamp = false

  @Flag(help: "Begin with a UTF-8 byte order mark.")
  var bom = false

  @Flag(help: "End lines with CRLF.")
  var crlf = false

  @Flag(help: "Omit the line end of the last line.")
  var noFinalNewline = false

  func apply(to options: inout GeneratorOptions) {
    options.date = date
    options.hasStamp = !noStamp
    options.hasBOM = bom
    options.usesCRLF = crlf
    options.endsWithNewline = !noFinalNewline
  }
}
