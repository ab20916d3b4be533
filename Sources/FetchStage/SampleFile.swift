import Failures
import Glibc
import Spool

/// The sample that ships with the project: the build lays it beside the executables.
public enum SampleFile {
  public static func path() throws(Failure) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { throw .system("find this program's own file", errno: errno) }
    let program = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let path = Folder.of(program) + "/business-registry_FetchStage.resources/Sample/BGMOPEN1-sample.csv"
    guard access(path, R_OK) == 0 else {
      throw Failure(
        .configuration, "the sample is not where the build lays it: '\(path)'",
        hint: "build again, or give the file as --source")
    }
    return path
  }
}
