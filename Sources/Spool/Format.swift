/// What every manifest carries first, and what a reader checks before anything else in it.
public enum SpoolFormat {
  /// The one number of the on-disk contract. It changes when a file's meaning or layout changes so that an older
  /// program would misread it; a newer program either reads the older number or says what to do.
  public static let current = 1

  /// No number in a manifest is larger: a million of them still add up, and no source has as many bytes.
  public static let numberMax = 999_999_999_999

  /// No manifest is larger: read bounds come before memory. (100,000 chunks at 190 bytes are 19 MB.)
  public static let manifestBytesMax = 32 << 20
}

/// Bounds of a chunk, the same for the stage that cuts and for those that read.
public enum ChunkBounds {
  /// A chunk ends before the record that would take it over this many uncompressed bytes.
  public static let bytesMax = 32 << 20
  /// Byte order mark, header and stamp row, which stand in the first chunk and count for no size.
  public static let headerBytesMax = 3 + 2 * (65_536 + 2)
  /// Names have a fixed width of six digits.
  public static let chunksMax = 999_999
}
