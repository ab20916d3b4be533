import FuzzTargets
import Glibc

/// The entry point for libFuzzer, which looks for inputs that reach new code. FUZZ_TARGET names the target.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let what = target.problem(Array(UnsafeBufferPointer(start: start, count: count))) else { return 0 }
  print("\(type(of: target).name): \(what)")
  fflush(nil)
  abort()
}

/// libFuzzer calls from one thread only.
nonisolated(unsafe) private var target: any FuzzTarget = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let type = fuzzTarget(named: name), let target = try? type.init() else {
    print("invalid FUZZ_TARGET '\(name)': expected one of \(fuzzTargets.map { $0.name })")
    exit(64)
  }
  return target
}()
