import CSupport
import Glibc
import Synchronization

/// The fault that `REGISTRY_FAULT` requests, and how often its point was reached.
final class FaultPlan: Sendable {
  enum PlannedFault {
    case list
    case trace(descriptor: Int32)
    case fault(FaultWay, point: String, hit: Int)
  }

  private struct State {
    var hitsBefore = 0
    /// Counted separately: several threads may be between the two sides.
    var hitsAfter = 0
  }

  let wish: PlannedFault
  /// The folder whose file system a kill stops; nil for none.
  private let volume: Int32?
  private let state = Mutex(State())

  private init(_ wish: PlannedFault, volume: Int32?) {
    self.wish = wish
    self.volume = volume
  }

  static func fromEnvironment() throws(FaultRequestError) -> FaultPlan? {
    let text = getenv("REGISTRY_FAULT").map { String(cString: $0) } ?? ""
    if text.isEmpty { return nil }
    guard let wish = parse(text) else { throw FaultRequestError() }
    guard let folder = getenv("REGISTRY_FAULT_VOLUME"), folder.pointee != 0 else { return FaultPlan(wish, volume: nil) }
    let volume = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard volume >= 0 else { throw FaultRequestError() }
    return FaultPlan(wish, volume: volume)
  }

  private static func parse(_ text: String) -> PlannedFault? {
    if text == "list" { return .list }
    guard let sign = text.firstIndex(of: "@") else { return nil }
    let (what, rest) = (text[..<sign], text[text.index(after: sign)...])
    if what == "trace" {
      let descriptor = open(String(rest), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      return descriptor < 0 ? nil : .trace(descriptor: descriptor)
    }
    let parts = rest.split(separator: "#", maxSplits: 1)
    guard let way = FaultWay(rawValue: String(what)), let point = parts.first,
      let hit = parts.count == 1 ? 1 : Int(parts[1]), hit > 0
    else { return nil }
    return .fault(way, point: String(point), hit: hit)
  }

  func call<Result: SignedInteger>(_ point: FaultPoint, _ body: () -> Result) -> Result {
    if let code = hit(point, .before).flatMap(Self.errorCode) {
      errno = code
      return -1
    }
    let result = body()
    let code = errno
    _ = hit(point, .after)
    errno = code
    return result
  }

  func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ point: FaultPoint) -> Int {
    let way = hit(point, .before)
    if let way, way != .shortWrite {
      // A full disk still stores the bytes that fit.
      if way == .diskFull { _ = Glibc.write(descriptor, bytes.baseAddress, bytes.count / 2) }
      errno = Self.errorCode(way) ?? EIO
      return -1
    }
    let count = way == nil ? bytes.count : (bytes.count + 1) / 2
    let result = Glibc.write(descriptor, bytes.baseAddress, count)
    let code = errno
    _ = hit(point, .after)
    errno = code
    return result
  }

  func at(_ side: FaultSide, of point: FaultPoint) -> FaultWay? { hit(point, side) }

  private static func errorCode(_ way: FaultWay) -> Int32? {
    switch way {
    case .ioError: EIO
    case .diskFull: ENOSPC
    default: nil
    }
  }

  private func hit(_ point: FaultPoint, _ side: FaultSide) -> FaultWay? {
    let name = point.description
    switch wish {
    case .list: return nil
    case .trace(let descriptor):
      if side == .before {
        let line = Array((name + "\n").utf8)
        _ = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      }
      return nil
    case .fault(let way, let wanted, let hit):
      guard name == wanted, way.side == side else { return nil }
      let isNow = state.withLock { state in
        if side == .before { state.hitsBefore += 1 } else { state.hitsAfter += 1 }
        return (side == .before ? state.hitsBefore : state.hitsAfter) == hit
      }
      guard isNow else { return nil }
      Self.report("fault: \(way.rawValue) at \(name), time \(hit)")
      if way == .killBefore || way == .killAfter { die() }
      return way
    }
  }

  /// Ends this process as the kernel or a power cut does.
  private func die() -> Never {
    if let volume, !registry_stop_file_system(volume) {
      Self.report("the file system of REGISTRY_FAULT_VOLUME cannot be stopped")
      _exit(1)
    }
    kill(getpid(), SIGKILL)
    while true { pause() }
  }

  private static func report(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
