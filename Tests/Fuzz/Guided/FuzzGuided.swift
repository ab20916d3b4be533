import FuzzTargets
import Glibc

/// libFuzzer's way in: it looks for inputs that reach code which none before them reached. The target's name stands in
/// FUZZ_TARGET.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let what = target.problem(Array(UnsafeBufferPointer(start: start, count: count))) else { return 0 }
  print("\(type(of: target).name): \(what)")
  fflush(nil)
  abort()
}

/// libFuzzer calls from one thread.
nonisolated(unsafe) private var target: any FuzzTarget = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let type = fuzzTarget(named: name), let target = try? type.init() else {
    print("FUZZ_TARGET '\(name)' is none of \(fuzzTargets.map { $0.name })")
    exit(64)
  }
  return target
}()
