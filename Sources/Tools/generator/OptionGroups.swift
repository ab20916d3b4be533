import ArgumentParser
import GeneratorKit

struct ChangeOptions: ParsableArguments {
  @Option(help: "Businesses registered for the first time.")
  var new = 0

  @Option(help: "Businesses that are gone from the file.")
  var closed = 0

  @Option(help: "Businesses that come back after an earlier day closed them; as many as there are, up to this number.")
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
    help: "The date of day 0, in its stamp row; each day is one later. (default: 2026-09-01)",
    transform: { text in
      guard let date = CalendarDate(iso: text) else { throw ValidationError("'\(text)' is no date like 2026-09-01.") }
      return date
    })
  var date = GeneratorOptions(rows: 0).date

  @Flag(help: "Leave out the stamp row.")
  var noStamp = false

  @Flag(help: "Begin with a UTF-8 byte order mark.")
  var bom = false

  @Flag(help: "End lines with CRLF.")
  var crlf = false

  @Flag(help: "End without a line end.")
  var noFinalNewline = false

  func apply(to options: inout GeneratorOptions) {
    options.date = date
    options.hasStamp = !noStamp
    options.hasBOM = bom
    options.usesCRLF = crlf
    options.endsWithNewline = !noFinalNewline
  }
}
