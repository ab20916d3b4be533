import Glibc
import TestSupport
import Testing

/// The folders of the tests themselves.
@Suite struct ScratchFolderTests {
  @Test func whatALinkLeadsToOutlivesTheFolder() throws {
    let kept = ScratchFolder()
    let file = kept.write([1], to: "file")
    let path = try {
      let scratch = ScratchFolder()
      try #require(mkdir(scratch.path + "/inner", 0o700) == 0)
      try #require(symlink(kept.path, scratch.path + "/inner/folder") == 0)
      try #require(symlink(file, scratch.path + "/file") == 0)
      try #require(symlink("nowhere", scratch.path + "/dangling") == 0)
      return scratch.path
    }()
    #expect(access(path, F_OK) != 0, "the folder itself is removed")
    #expect(ScratchFolder.read(file) == [1])
  }
}
