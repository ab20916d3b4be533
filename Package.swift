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

/// The console stands beside the pipeline: whoever only wants the registry neither fetches nor compiles what it is made of.
/// pipeline.sh sets the variable where it is asked for.
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let withConsole = Context.environment["WITH_CONSOLE"] != nil
let console: [Target] =
  !withConsole
  ? []
  : [
    library(
      "ConsoleWeb",
      [
        "Charts", "ConsoleDesk", "ConsoleQueries", "Digest", "Postgres", "Schedules", "Support", hummingbird, lifecycle,
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: [.embedInCode("Templates"), .embedInCode("Assets"), .embedInCode("Texts")]),
    executable(
      "console",
      [
        "ConsoleDesk", "ConsoleQueries", "ConsoleRunner", "ConsoleWeb", "Failures", "Logs", "Postgres", "Schedules",
        "Spool", "StageKit", "Support", "Threads", logging, hummingbird, lifecycle,
      ]),
    tests("ConsoleWebTests", ["ConsoleWeb", "ConsoleDesk", "Schedules"]),
  ]
let consolePackages: [Package.Dependency] =
  !withConsole
  ? []
  : [
    // Without its traits: configuration files and all of Foundation are not needed.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.16.0", traits: []),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.0.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.0.0"),
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
  ] + consolePackages,
  targets: [
    // C libraries: a module map and a shim each.
    .systemLibrary(name: "CLibCrypto"),
    .systemLibrary(name: "CLibCurl"),
    .systemLibrary(name: "CLibPQ"),
    .systemLibrary(name: "CLibZstd"),

    // What Swift has no words for.
    .target(name: "CBlocks"),
    .target(name: "CFiles"),
    library("Threads"),
    // Helpers that every module may import.
    library("Support", ["CBlocks", "CFiles"]),

    // One safe wrapper each: nobody else imports the C library.
    library("Digest", ["CLibCrypto"]),
    library("HTTP", ["CLibCurl"]),
    library("Postgres", ["CLibPQ", "Faults", "Support", "Threads"]),
    library("Zstd", ["CLibZstd"]),

    // The core and the interface.
    library("Failures"),
    library("Faults"),
    library("Records", ["CBlocks", "Support"]),
    library("Spool", ["CFiles", "Failures", "Faults", "Digest", "Support", "Zstd"]),
    library("Logs", ["CFiles", "Support", logging]),
    library("CloudWatch", ["HTTP", "Logs", "Support", "Threads"]),
    library(
      "StageKit",
      ["Failures", "Faults", "Records", "Spool", "Support", "Threads", "Logs", "CloudWatch", logging, arguments]),

    // The stages know the spool, never each other.
    library(
      "FetchStage", ["Records", "Spool", "StageKit", "Failures", "Faults", "HTTP", "Digest", "Support", "Threads"],
      resources: [.copy("Sample")]),
    library(
      "TransformStage", ["Logs", "Records", "Spool", "StageKit", "Failures", "Faults", "Digest", "Support", "Threads"]),
    library(
      "LoadStage",
      ["Failures", "Faults", "Records", "Spool", "StageKit", "Postgres", "Digest", "Support", "Threads", "Zstd"],
      resources: [.embedInCode("Migrations")]),
    executable("fetch", ["FetchStage", "StageKit", "Spool", "Failures", "Faults"]),
    executable("transform", ["TransformStage", "StageKit", "Spool", "Failures", "Faults"]),
    executable(
      "load", ["LoadStage", "Logs", "Postgres", "Records", "StageKit", "Spool", "Failures", "Faults", "Support"]),

    // A development tool: makes registries of any size, clean or dirty, and days that follow them.
    library("GeneratorKit"),
    executable("generator", ["GeneratorKit", "Support"]),

    // Strikes the three executables with faults, and proves that nothing comes of them.
    library(
      "SelfTestKit", ["GeneratorKit", "Postgres", "Spool", "StageKit", "Failures", "Support", "Threads", "Zstd"]),
    executable("selftest", ["SelfTestKit", "StageKit", "Postgres", "Failures", "Support"]),

    // What the console is made of, but for its pages. None of it knows the stages, nor they it.
    library("Schedules"),
    library("Charts"),
    library(
      "ConsoleDesk", ["Digest", "Postgres", "Schedules", "Support"],
      resources: [.embedInCode("desk.sql"), .embedInCode("desk-2.sql")]),
    library("ConsoleQueries", ["Postgres", "Support"], resources: [.embedInCode("search.sql")]),
    library("ConsoleRunner", ["ConsoleDesk", "Failures", "Postgres", "Spool", "Support", "Threads", logging]),

    .systemLibrary(name: "CLibSSL", path: "Tests/CLibSSL"),
    testSupport("LoopbackServer", ["Threads"]),
    testSupport("Tunnel", ["CLibSSL", "Threads"]),
    testSupport("SeededRandom"),
    testSupport("NastyCorpus", ["SeededRandom"]),
    testSupport("Reference"),
    testSupport("TestCluster", ["Postgres", "Support", "Threads"]),
    testSupport("Observed", ["Records", "Reference", "Spool"]),
    // Hostile bytes by the million against the reference: the targets, a command that runs them, and a slice as tests.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Records", "Spool", "FetchStage", "TransformStage", "StageKit", "Failures", "Digest", "Zstd", "Reference",
        "SeededRandom",
        "NastyCorpus", "Observed",
      ],
      path: "Tests/Fuzz", exclude: ["guided.sh"], swiftSettings: strict),
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets", "StageKit", "Threads", arguments], path: "Tests/FuzzCommand",
      swiftSettings: strict),
    tests("FuzzTests", ["SeededRandom", "FuzzTargets", "NastyCorpus"]),
    tests(
      "RecordsTests",
      ["SeededRandom", "Records", "Reference", "NastyCorpus", "Observed", "GeneratorKit", "FuzzTargets", "Support"]),
    tests(
      "FetchStageTests",
      [
        "SeededRandom",
        "FetchStage", "StageKit", "Spool", "Failures", "Faults", "Digest", "Records", "Reference", "NastyCorpus",
        "Observed",
        "LoopbackServer", "Tunnel",
      ]),
    tests(
      "TransformStageTests",
      [
        "SeededRandom",
        "TransformStage", "FetchStage", "StageKit", "Spool", "Failures", "Reference", "NastyCorpus", "Observed",
        "GeneratorKit",
      ]),
    tests("SpoolTests", ["CFiles", "Spool", "Failures", "Digest", "Zstd", "Observed"]),
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
        "SeededRandom",
        "LoadStage", "Records", "Spool", "StageKit", "Failures", "Faults", "Postgres", "Digest", "Threads", "Zstd",
        "TestCluster",
        "Observed",
      ]),
    tests(
      "CommandTests",
      [
        "SeededRandom",
        "fetch", "transform", "load", "Records", "Spool", "StageKit", "Digest", "Postgres", "GeneratorKit",
        "LoopbackServer",
        "NastyCorpus",
        "Observed", "Reference", "Support", "TestCluster", "Threads", "Tunnel",
      ]),
    tests("SupportTests", ["Support", "Observed"]),
    tests("ThreadsTests", ["Threads"]),
    tests("LogsTests", ["Logs", "Observed", "Threads", logging]),
    tests("CloudWatchTests", ["SeededRandom", "CloudWatch", "Logs", "LoopbackServer", "Observed", logging]),
    tests("SchedulesTests", ["SeededRandom", "Schedules", "NastyCorpus"]),
    tests("ChartsTests", ["SeededRandom", "Charts"]),
    tests(
      "ConsoleDeskTests",
      [
        "ConsoleDesk", "ConsoleRunner", "Digest", "Failures", "Observed", "Postgres", "Schedules", "TestCluster",
        "Threads", logging,
      ]),
    tests("ConsoleQueriesTests", ["SeededRandom", "ConsoleQueries", "Postgres", "TestCluster"]),
    tests("GeneratorKitTests", ["GeneratorKit"]),
    tests("SelfTestKitTests", ["SelfTestKit", "Failures", "Support", "TestCluster", "fetch", "transform", "load"]),
    tests("LoopbackServerTests", ["LoopbackServer"]),
    tests("ReferenceTests", ["Reference", "NastyCorpus"]),
  ] + guided + console,
  swiftLanguageModes: [.v6]
)
