import Glibc
import Spool
import TestSupport
import Testing

/// A preloaded library for errors that a real file system seldom returns.
private enum FalseFileSystem {
  private static let source = """
    #define _GNU_SOURCE
    #include <dirent.h>
    #include <dlfcn.h>
    #include <errno.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>
    static int concerns(int descriptor, const char *variable) {
      const char *wanted = getenv(variable);
      char link[64], path[4096];
      if (!wanted) return 0;
      snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
      ssize_t count = readlink(link, path, sizeof path - 1);
      if (count < 0) return 0;
      path[count] = 0;
      size_t length = strlen(wanted);
      return (size_t)count >= length && strcmp(path + count - length, wanted) == 0;
    }
    struct dirent *readdir(DIR *folder) {
      static struct dirent *(*real)(DIR *);
      if (!real) real = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
      struct dirent *entry = real(folder);
      if (!entry || entry->d_name[0] == '.' || !concerns(dirfd(folder), "UNREADABLE")) return entry;
      errno = EIO;
      return NULL;
    }
    ssize_t write(int descriptor, const void *bytes, size_t count) {
      static ssize_t (*real)(int, const void *, size_t);
      if (!real) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
      return concerns(descriptor, "TAKES_NOTHING") ? 0 : real(descriptor, bytes, count);
    }
    int fsync(int descriptor) {
      static int (*real)(int);
      if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
      if (!concerns(descriptor, "NOT_FLUSHED")) return real(descriptor);
      errno = EINVAL;
      return -1;
    }
    int flock(int descriptor, int operation) {
      static int (*real)(int, int);
      if (!real) real = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
      if (concerns(descriptor, "LOCKED_TWICE")) return 0;
      if (!concerns(descriptor, "NOT_LOCKED")) return real(descriptor, operation);
      errno = ENOLCK;
      return -1;
    }

    """

  private static let scratch = ScratchFolder()
  static let isAvailable = Preload.compile(source, "files", in: scratch) != nil
  static var variables: [String: String] { ["LD_PRELOAD": scratch.path + "/files.so"] }
}

@Suite struct FileSystemTests {
  @Test(.enabled(if: FalseFileSystem.isAvailable, "needs a C compiler"))
  func anUnreadableFolderIsAnErrorAndNotShorter() throws {
    let workshop = try CommandSandbox.fetched(Array(Source.plain(rows: 5).utf8), chunkSize: 5)
    let ended = try workshop.run(
      "transform", variables: FalseFileSystem.variables.merging(["UNREADABLE": "/spool"]) { $1 })
    expect(
      ended, from: "transform", fails: 74, saying: "unable to list folder '\(workshop.spool)': input/output error")
    try workshop.succeed("transform")
  }

  @Test(.enabled(if: FalseFileSystem.isAvailable, "needs a C compiler"))
  func aWriteOfZeroBytesIsAnError() throws {
    let workshop = CommandSandbox()
    let ended = try workshop.run(
      "fetch", "--sample", variables: FalseFileSystem.variables.merging(["TAKES_NOTHING": ".csv.zst.tmp"]) { $1 })
    expect(ended, from: "fetch", fails: 74, saying: "unable to write")
    try workshop.succeed("fetch", "--sample")
  }

  @Test(
    "fetch names what the spool's file system lacks before it reads the source",
    .enabled(if: FalseFileSystem.isAvailable, "needs a C compiler"),
    arguments: [
      ("NOT_FLUSHED", "/spool", "unable to flush folder 'SPOOL': invalid argument"),
      ("NOT_LOCKED", "/.fetch.lock", "unable to lock 'SPOOL/.fetch.lock': no locks available"),
      ("LOCKED_TWICE", "/.fetch.lock", "unable to lock 'SPOOL/.fetch.lock': its file system does not enforce locks"),
    ])
  func aFileSystemWithoutFlushingOrLocksIsRefused(_ variable: String, _ file: String, _ message: String) throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample")
    let before = try everything(in: workshop.spool).map(\.path).filter { !$0.contains("/runs/") }
    let ended = try workshop.run(
      "fetch", "--sample", "--force", variables: FalseFileSystem.variables.merging([variable: file]) { $1 })
    expect(ended, from: "fetch", fails: 74, saying: message.replacing("SPOOL", with: workshop.spool))
    #expect(ended.stderr.contains("HINT: that file system does not support this: put the spool on a local file system"))
    #expect(try everything(in: workshop.spool).map(\.path).filter { !$0.contains("/runs/") } == before)
    try workshop.succeed("fetch", "--sample")
  }

  /// Independent of the umask.
  @Test func filesInASpoolBelongToTheOwnerAlone() throws {
    let workshop = CommandSandbox()
    for stage in ["fetch", "transform"] {
      let arguments = ["--spool", workshop.spool] + (stage == "fetch" ? ["--sample"] : [])
      let ended = try Command(
        program: "/bin/sh",
        arguments: ["-c", "umask 000 && exec \"$0\" \"$@\"", Command.path(of: stage)] + arguments,
        environment: workshop.environment, folder: workshop.scratch.path
      ).run()
      try #require(ended.code == 0, "\(ended)")
    }
    let entries = try everything(in: workshop.spool)
    #expect(entries.count > 12)
    for (path, mode) in entries {
      #expect(mode & S_IFMT == S_IFDIR ? mode & 0o777 == 0o700 : mode & 0o777 == 0o600, "\(path)")
    }
  }

  /// Lock files that an older version made readable for everybody.
  @Test(.enabled(if: geteuid() == 0, "needs root, to run as another user"))
  func otherUsersCannotHoldALock() throws {
    let workshop = CommandSandbox()
    for folder in [workshop.scratch.path, workshop.spool] {
      mkdir(folder, 0o755)
      chmod(folder, 0o755)
    }
    let lock = workshop.spool + "/.fetch.lock"
    let hold = Command(
      program: "/usr/bin/setpriv",
      arguments: ["--reuid=65534", "--clear-groups", "sh", "-c", "exec 9<\"$0\" && flock -n 9", lock],
      environment: workshop.environment)
    let made = open(lock, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    close(made)
    #expect(try hold.run().code == 0)
    try workshop.succeed("fetch", "--sample")
    let ended = try hold.run()
    #expect(ended.code != 0 && ended.stderr.contains("ermission denied"), "\(ended)")
  }

  private func everything(in folder: String) throws -> [(path: String, mode: mode_t)] {
    var status = stat()
    try #require(lstat(folder, &status) == 0)
    guard status.st_mode & S_IFMT == S_IFDIR else { return [(folder, status.st_mode)] }
    return [(folder, status.st_mode)] + (try Folder.names(folder).flatMap { try everything(in: folder + "/" + $0) })
  }
}
