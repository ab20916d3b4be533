import SeededRandom

/// Returns a small hostile file: mostly well-formed registrations with random damage to bytes and short pieces. The
/// same seed gives the same file on any machine.
public func randomDirtyFile(seed: UInt64, records: Int) -> [UInt8] {
  var random = SeededRandom(seed: seed)
  let columns = randomHeader(&random)
  var file: [UInt8] = random.onceIn(4) ? [0xEF, 0xBB, 0xBF] : []
  file += line(columns, &random)
  if random.onceIn(2) { file += line(randomStamp(columns.count, &random), &random) }
  // Most headers stay intact, because a refused file tests little else.
  let spoilFrom = random.onceIn(16) ? 0 : file.count

  for _ in 0..<records {
    file += line(columns.map { randomValue($0, &random) }, &random)
  }
  if random.onceIn(4), file.last == UInt8(ascii: "\n") { file.removeLast() }
  spoil(&file, from: spoilFrom, times: random.below(2 + records), &random)
  return file
}

private func line(_ fields: [String], _ random: inout SeededRandom) -> [UInt8] {
  Array((fields.joined(separator: ",") + (random.onceIn(4) ? "\r\n" : "\n")).utf8)
}

/// Damages a file `times` times from an offset on: inserts hostile pieces, removes bytes, repeats stretches.
public func spoil(_ file: inout [UInt8], from: Int, times: Int, _ random: inout SeededRandom) {
  for _ in 0..<times {
    // Removals may have left no bytes after `from`.
    let from = min(from, file.count)
    let position = from + random.below(file.count - from + 1)
    switch random.below(8) {
    case 0...3:
      file.insert(contentsOf: random.pick(hostilePieces), at: position)
    case 4, 5:
      // Overwrites bytes: the length stays, the meaning changes.
      let piece = random.pick(hostilePieces)
      file.replaceSubrange(position..<min(position + piece.count, file.count), with: piece)
    case 6:
      file.removeSubrange(position..<min(position + 1 + random.below(4), file.count))
    default:
      // Repeats a short stretch elsewhere: fields and line ends at wrong places.
      let stretch = file[position..<min(position + random.below(24), file.count)]
      file.insert(contentsOf: stretch, at: from + random.below(file.count - from + 1))
    }
  }
}

/// Pieces that are listed more than once are picked more often.
private let hostilePieces: [[UInt8]] =
  [
    "\"", "\"", "\"", "\"", "\"\"", "\"\"\"", "\",", ",\"", "\"\n", "\n\"", ",", ",", "\n", "\n", "\r", "\r", "\r\n",
    "\r\r\n", "\u{0}", "\u{FEFF}", "\u{3000}", "\u{85}", "\u{A0}", "\u{2003}", "\u{2028}", "\u{200B}", " ", "\t", "NA",
    "NULL", "\"NA\"", "01-SEP-26", "\n01-SEP-26,\n", "20000003", "店", "𥂁", "\u{301}",
  ].map { Array($0.utf8) } + [
    [0x80], [0xC0, 0x80], [0xC3], [0xE3, 0x80], [0xE5, 0xBA], [0xED, 0xA0, 0x80], [0xF0, 0xA5],
    [0xF4, 0x90, 0x80, 0x80],
    [0xFF], [0xFE, 0xFF], [0xEF, 0xBB], [0xBF],
  ]
