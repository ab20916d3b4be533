import Glibc
import Spool
import Support

/// The sample that ships with the project. The build puts it beside the executables.
public enum SampleFile {
  /// The path of the sample.
  ///
  /// - Throws: category `configuration` if there is no readable file.
  public static func path() throws(Failure) -> String {
    let program: String
    do throws(SystemError) { program = try Executable.path() } catch {
      throw .system("find this program's own file", errno: error.code)
    }
    let path = Folder.of(program) + "/business-registry_FetchStage.resources/Sample/BGMOPEN1-sample.csv"
    guard access(path, R_OK) == 0 else {
      throw Failure(
        .configuration, "unable to read the sample '\(path)'",
        hints: [
          "in a git clone: remove .build and run the same command again", "with the package: install it again",
          "or name a CSV file with --source",
        ])
    }
    return path
  }
}
