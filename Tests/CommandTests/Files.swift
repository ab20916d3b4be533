import Digest
import Glibc
import Spool
import TestSupport

/// Returns the digests of all files below a folder, by relative path. Names that begin with a dot (locks and unfinished
/// files) are left out.
func files(_ folder: String) throws -> [String: String] {
  var found: [String: String] = [:]
  for name in try Folder.names(folder) where !name.hasPrefix(".") {
    let path = folder + "/" + name
    var status = stat()
    guard lstat(path, &status) == 0 else { continue }
    if status.st_mode & S_IFMT == S_IFDIR {
      for (inner, digest) in try files(path) { found[name + "/" + inner] = digest }
    } else if status.st_mode & S_IFMT != S_IFREG {
      // Reading a pipe would block, and the target of a link is outside the folder.
      found[name] = "no file"
    } else {
      found[name] = SHA256.of(ScratchFolder.read(path) ?? [])
    }
  }
  return found
}

/// Returns the digests of transform's output files.
func transformed(_ snapshot: SnapshotFolder) throws -> [String: String] {
  try files(snapshot.path).filter { $0.key.hasPrefix("transform") }
}

/// Returns the inode of each file: a rewritten file has another one.
func inodes(_ folder: String) throws -> [String: UInt] {
  var found: [String: UInt] = [:]
  for name in try Folder.names(folder) where !name.hasPrefix(".") {
    var status = stat()
    if lstat(folder + "/" + name, &status) == 0 { found[name] = status.st_ino }
  }
  return found
}

/// Returns the number of chunk manifests in a folder.
func manifests(_ folder: String) throws -> Int {
  try Folder.names(folder).count { !$0.hasPrefix(".") && $0.hasSuffix(".json") }
}

/// Returns the files below a folder, including hidden ones, whose name or content contains a text.
func files(under folder: String, holding text: String) throws -> [String] {
  var found: [String] = []
  for name in try Folder.names(folder) {
    let path = folder + "/" + name
    var status = stat()
    guard lstat(path, &status) == 0 else { continue }
    if status.st_mode & S_IFMT == S_IFDIR {
      found += try files(under: path, holding: text)
    } else if String(decoding: ScratchFolder.read(path) ?? [], as: UTF8.self).contains(text) || name.contains(text) {
      found.append(path)
    }
  }
  return found
}
