/// The version that `--version` prints.
public let productVersion = "1.0.0"
