// swift-tools-version: 6.2
import PackageDescription

/// CI turns every warning into an error. At home a newer compiler may warn about more than this one, and the build
/// of somebody who only wants the registry must not fail for it.
let strict: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil, resources: [Resource] = []
) -> Target {
  .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: strict)
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies + [arguments], swiftSettings: strict)
}

/// What several test targets share lives among the tests.
func testSupport(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  library(name, dependencies, path: "Tests/" + name)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// libFuzzer brings a `main` of its own: without `--sanitize=fuzzer` this one does not link (Tests/Fuzz/guided.sh).
let guided: [Target] =
  Context.environment["FUZZ_GUIDED"] == nil
  ? []
  : [
    .executableTarget(
      name: "fuzz-guided", dependencies: ["FuzzTargets"], path: "Tests/FuzzGuided",
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
  ]

let package = Package(
  name: "business-registry",
  products: [
    .executable(name: "fetch", targets: ["fetch"]),
    .executable(name: "transform", targets: ["transform"]),
    .executable(name: "load", targets: ["load"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
  ],
  targets: [
    // C libraries: a module map and a shim each.
    .systemLibrary(name: "CLibCrypto"),
    .systemLibrary(name: "CLibCurl"),
    .systemLibrary(name: "CLibPQ"),
    .systemLibrary(name: "CLibZstd"),

    // What Swift has no words for.
    .target(name: "CBlocks"),
    .target(name: "CSystem"),
    library("Threads"),

    // One safe wrapper each: nobody else imports the C library.
    library("Digest", ["CLibCrypto"]),
    library("HTTP", ["CLibCurl"]),
    library("Postgres", ["CLibPQ", "Threads"]),
    library("Zstd", ["CLibZstd"]),

    // The core and the interface.
    library("Failures"),
    library("Faults"),
    library("Records", ["CBlocks"]),
    library("Spool", ["Failures", "Faults", "Digest", "Zstd"]),
    library("Logs", ["CSystem", logging]),
    library("CloudWatch", ["HTTP", "Logs", "Threads"]),
    library(
      "StageKit",
      ["Failures", "Faults", "Records", "Spool", "Threads", "Logs", "CloudWatch", logging, arguments]),

    // The stages know the spool, never each other.
    library(
      "FetchStage", ["Records", "Spool", "StageKit", "Failures", "Faults", "HTTP", "Digest", "Threads"],
      resources: [.copy("Sample")]),
    library("TransformStage", ["Logs", "Records", "Spool", "StageKit", "Failures", "Faults", "Digest", "Threads"]),
    library(
      "LoadStage", ["Failures", "Faults", "Records", "Spool", "StageKit", "Postgres", "Digest", "Threads", "Zstd"],
      resources: [.embedInCode("Migrations")]),
    executable("fetch", ["FetchStage", "StageKit", "Spool", "Failures", "Faults"]),
    executable("transform", ["TransformStage", "StageKit", "Spool", "Failures", "Faults"]),
    executable("load", ["LoadStage", "Logs", "Postgres", "Records", "StageKit", "Spool", "Failures", "Faults"]),

    // A development tool: makes registries of any size, clean or dirty, and days that follow them.
    library("GeneratorKit"),
    executable("generator", ["GeneratorKit"]),

    // Strikes the three executables with faults, and proves that nothing comes of them.
    library("SelfTestKit", ["GeneratorKit", "Postgres", "Spool", "StageKit", "Failures", "Zstd"]),
    executable("selftest", ["SelfTestKit", "StageKit", "Postgres", "Failures"]),

    .systemLibrary(name: "CLibSSL", path: "Tests/CLibSSL"),
    testSupport("LoopbackServer", ["Threads"]),
    testSupport("Tunnel", ["CLibSSL", "Threads"]),
    testSupport("NastyCorpus"),
    testSupport("Reference"),
    testSupport("TestCluster", ["Postgres", "Threads"]),
    testSupport("Observed", ["Records", "Reference", "Spool"]),
    // Hostile bytes by the million against the reference: the targets, a command that runs them, and a slice as tests.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Records", "Spool", "FetchStage", "TransformStage", "StageKit", "Failures", "Digest", "Zstd", "Reference",
        "NastyCorpus", "Observed",
      ],
      path: "Tests/Fuzz", exclude: ["guided.sh"], swiftSettings: strict),
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets", "StageKit", "Threads", arguments], path: "Tests/FuzzCommand",
      swiftSettings: strict),
    tests("FuzzTests", ["FuzzTargets", "NastyCorpus"]),
    tests("RecordsTests", ["Records", "Reference", "NastyCorpus", "Observed", "GeneratorKit", "FuzzTargets"]),
    tests(
      "FetchStageTests",
      [
        "FetchStage", "StageKit", "Spool", "Failures", "Digest", "Records", "Reference", "NastyCorpus", "Observed",
        "LoopbackServer", "Tunnel",
      ]),
    tests(
      "TransformStageTests",
      [
        "TransformStage", "FetchStage", "StageKit", "Spool", "Failures", "Reference", "NastyCorpus", "Observed",
        "GeneratorKit",
      ]),
    tests("SpoolTests", ["Spool", "Failures", "Digest", "Zstd", "Observed"]),
    tests(
      "RegistryTests",
      [
        "FetchStage", "TransformStage", "LoadStage", "StageKit", "Spool", "TestCluster", "Reference", "NastyCorpus",
        "Observed",
      ]),
    tests("PostgresTests", ["Postgres", "TestCluster"]),
    tests(
      "LoadStageTests",
      [
        "LoadStage", "Records", "Spool", "StageKit", "Failures", "Postgres", "Digest", "Threads", "Zstd", "TestCluster",
        "Observed",
      ]),
    tests(
      "CommandTests",
      [
        "fetch", "transform", "load", "Records", "Spool", "Digest", "Postgres", "GeneratorKit", "LoopbackServer",
        "NastyCorpus",
        "Observed", "Reference", "TestCluster", "Threads", "Tunnel",
      ]),
    tests("LogsTests", ["Logs", "Observed", "Threads", logging]),
    tests("CloudWatchTests", ["CloudWatch", "Logs", "LoopbackServer", "Observed"]),
    tests("GeneratorKitTests", ["GeneratorKit"]),
    tests("SelfTestKitTests", ["SelfTestKit", "Failures", "TestCluster", "fetch", "transform", "load"]),
    tests("LoopbackServerTests", ["LoopbackServer"]),
    tests("ReferenceTests", ["Reference", "NastyCorpus"]),
  ] + guided,
  swiftLanguageModes: [.v6]
)
