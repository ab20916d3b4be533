import ArgumentParser
import GeneratorKit

@main
struct GeneratorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generator",
    abstract: "Generate synthetic business tax registration files (BGMOPEN1.csv).",
    discussion: """
      The same arguments give the same bytes on every machine. Day 0 follows from the seed. Day K + 1 differs from \
      day K in exactly the businesses that --expect lists, so give every day the same options except --day.

      Kinds of dirt: \(DirtKind.allCases.map(\.rawValue).joined(separator: ", ")).

      A file of the real size:    generator --rows 1713974 --seed 1 --output BGMOPEN1.csv
      The day after, 400 of each: generator --rows 1713974 --seed 1 --day 1 --new 400 --closed 400 --moved 400 \
      --renamed 400 --recapitalised 400 --output BGMOPEN1.csv
      """)

  @Option(help: "Businesses on day 0. Dirty records are added to them.")
  var rows: Int

  @Option(help: "Seed of the random numbers: another seed gives other businesses.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Output file; - is standard output.", valueName: "file"))
  var output = "-"

  @Option(help: ArgumentHelp("Write the result that a correct reader gives to this file, as JSON.", valueName: "file"))
  var expect: String?

  @Option(help: "Day to generate, from 0 on.")
  var day = 0

  @OptionGroup(title: "Changes from each day to the next")
  var changes: ChangeOptions

  @Option(
    help: "Dirty records: a number for every kind, or for single kinds: INVALID_BAN=3,BLANK=2. (default: none)",
    transform: { text in
      do { return try DirtAmounts(parsing: text) } catch { throw ValidationError("\(error)") }
    })
  var dirt = DirtAmounts()

  @OptionGroup(title: "Form of the file")
  var form: FormOptions

  func run() throws {
    var options = GeneratorOptions(rows: rows, seed: seed)
    options.day = day
    options.changes = changes.amounts
    options.dirt = dirt
    form.apply(to: &options)
    let generator: Generator
    do throws(InvalidOptions) {
      generator = try Generator(options)
    } catch {
      throw ValidationError(error.description)
    }
    do {
      let expectation = try DestinationFile.write(to: output) { file in
        try generator.write { block in try file.write(block) }
      }
      if let expect {
        let json = try expectation.json()
        try DestinationFile.write(to: expect) { file in try file.write(json) }
      }
    } catch let error as FileError {
      DestinationFile.standardError(error.description)
      throw ExitCode(74)
    }
  }
}
