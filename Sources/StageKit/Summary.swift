import Failures
import FoundationEssentials
import Spool

/// What a run did, as one document: the stages of a run add to it in turn, and the last one prints it.
public struct Summary: Codable, Sendable, Equatable {
  public enum Status: String, Codable, Sendable { case success, partial, failed, unchanged }

  public struct Stage: Codable, Sendable, Equatable {
    public var seconds: Double
    /// `done`, `unchanged`, `already done`, `failed`.
    public var result: String
    /// Records that the stage went through, and how many a second.
    public var records: Int?
    public var recordsPerSecond: Int?
  }

  public struct Database: Codable, Sendable, Equatable {
    public struct State: Codable, Sendable, Equatable {
      public var registrations: Int
      public var industries: Int

      public init(registrations: Int, industries: Int) {
        self.registrations = registrations
        self.industries = industries
      }
    }

    public var before: State
    public var after: State
    public var inserted: Int
    public var updated: Int
    public var removed: Int
    /// What the change feed has of it.
    public var changes = ChangeCounts()
    /// Businesses that a hand had edited and that were made right.
    public var repaired = 0
    /// Which, of a thousand at most.
    public var repairedBANs: [String] = []
    /// Why the snapshot was refused, where it was accepted all the same.
    public var acceptedRefusals: [String] = []

    public init(before: State, after: State, inserted: Int, updated: Int, removed: Int) {
      self.before = before
      self.after = after
      self.inserted = inserted
      self.updated = updated
      self.removed = removed
    }

    private enum CodingKeys: String, CodingKey {
      case before, after, inserted, updated, removed, changes, repaired, acceptedRefusals
      // Otherwise it would be written as `repaired_ba_ns`.
      case repairedBANs = "repairedBans"
    }
  }

  public struct Problem: Codable, Sendable, Equatable {
    public var stage: String
    public var message: String
    public var hints: [String]
    public var exitCode: Int
  }

  public var runID: String
  public var snapshot: String?
  public var status = Status.success
  /// ISO 8601; null where the source says none.
  public var sourceDate: String?
  public var source: String?
  public var totals: Totals?
  /// Code → count, rejections and warnings alike.
  public var findings: [String: Int]?
  public var notes: Notes?
  public var industries: Int?
  public var stages: [String: Stage] = [:]
  public var jobRunID: Int?
  public var database: Database?
  /// What the clean-up after it has freed in the spool.
  public var freedBytes: Int?
  public var error: Problem?

  public init(runID: String) { self.runID = runID }

  private enum CodingKeys: String, CodingKey {
    case runID, snapshot, status, sourceDate, source, totals, findings, notes, industries, stages, jobRunID, database,
      freedBytes, error
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(runID, forKey: .runID)
    // What every document has, null where it is not known.
    try container.encode(snapshot, forKey: .snapshot)
    try container.encode(status, forKey: .status)
    try container.encode(sourceDate, forKey: .sourceDate)
    try container.encode(totals, forKey: .totals)
    try container.encode(findings ?? [:], forKey: .findings)
    try container.encode(notes, forKey: .notes)
    try container.encode(stages, forKey: .stages)
    // What only some have.
    try container.encodeIfPresent(source, forKey: .source)
    try container.encodeIfPresent(industries, forKey: .industries)
    try container.encodeIfPresent(jobRunID, forKey: .jobRunID)
    try container.encodeIfPresent(database, forKey: .database)
    try container.encodeIfPresent(freedBytes, forKey: .freedBytes)
    try container.encodeIfPresent(error, forKey: .error)
  }

  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }

  /// What the stages before have handed on; nil where this stage is the first.
  static func read(handedOnIn path: String) throws -> Summary? {
    guard let bytes = try SpoolFile.read(path, bytesMax: 64 << 20), !bytes.isEmpty else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .fromSnakeCase
    do { return try decoder.decode(Summary.self, from: Data(bytes)) } catch {
      throw Failure(.bug, "the summary in '\(path)' cannot be read: \(error)")
    }
  }
}

extension Summary {
  /// What a settled snapshot says of its records.
  public mutating func take(_ manifest: TransformManifest) {
    totals = manifest.totals
    findings = manifest.findingCounts
    notes = manifest.notes
    sourceDate = manifest.sourceDate
    industries = manifest.industries
  }
}
