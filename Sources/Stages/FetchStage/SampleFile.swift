import Glibc
import Spool
import Support

/// The sample that ships with the project: the build lays it beside the executables.
public enum SampleFile {
  public static func path() throws(Failure) -> String {
    let program: String
    do throws(SystemError) { program = try Executable.path() } catch {
      throw .system("find this program's own file", errno: error.code)
    }
    let path = Folder.of(program) + "/business-registry_FetchStage.resources/Sample/BGMOPEN1-sample.csv"
    guard access(path, R_OK) == 0 else {
      throw Failure(
        .configuration, "the sample is not where the build lays it: '\(path)'",
        hint: "build again, or give the file as --source")
    }
    return path
  }
}
