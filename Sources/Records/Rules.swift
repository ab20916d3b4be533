/// The version of the rules by which records are read, judged and written. It rises when any accepted row, content hash
/// or finding could differ for the same bytes: then what was judged before is stale.
public let rulesVersion = 2
