// swift-tools-version: 6.2
import PackageDescription

/// Turns warnings into errors, but only in CI: a user's newer compiler may warn about more, and must not fail.
let strict: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// A library in `Sources/<group>/<name>`.
func library(
  _ name: String, in group: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(group)/\(name)", resources: resources,
    swiftSettings: strict)
}

func executable(_ name: String, in group: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + [arguments], path: "Sources/\(group)/\(name)", swiftSettings: strict)
}

/// A C library's module map and shim, or a helper in C.
func systemLibrary(_ name: String, path: String? = nil) -> Target {
  .systemLibrary(name: name, path: path ?? "Sources/C/" + name)
}

func cLibrary(_ name: String) -> Target { .target(name: name, path: "Sources/C/" + name) }

/// A library that several test targets share.
func testHelper(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Tests/Helpers/" + name, swiftSettings: strict)
}

/// Tests that mostly start programs and query databases: optimizing them would take longer than running them.
let plainTests: Set = [
  "CommandTests", "LoadStageTests", "ConsoleStoreTests", "ConsoleWebTests", "CloudWatchTests", "PostgresTests",
]

func tests(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: path,
    swiftSettings: strict + (plainTests.contains(name) ? [.unsafeFlags(["-Onone"])] : []))
}

/// The target of libFuzzer, which provides `main`: it links only with `--sanitize=fuzzer` (Tests/Fuzz/guided.sh).
let guided: [Target] =
  Context.environment["FUZZ_GUIDED"] == nil
  ? []
  : [
    .executableTarget(
      name: "fuzz-guided", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Guided",
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
  ]

/// The console is optional: without WITH_CONSOLE, its packages are not fetched and its sources not compiled.
/// pipeline.sh sets the variable when a user first starts the console.
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let withConsole = Context.environment["WITH_CONSOLE"] != nil
let console: [Target] =
  !withConsole
  ? []
  : [
    library(
      "ConsoleWeb", in: "Console",
      [
        "Charts", "ConsoleStore", "ConsoleQueries", "Digest", "Postgres", "Records", "Schedules", "Support",
        hummingbird,
        lifecycle, .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: [.embedInCode("Templates"), .embedInCode("Assets"), .embedInCode("Texts")]),
    executable(
      "console", in: "Commands",
      [
        "ConsoleStore", "ConsoleQueries", "ConsoleRunner", "ConsoleWeb", "Support", "StructuredLogging", "Postgres",
        "Schedules", "Spool", "CommandKit", "FaultInjection", logging, hummingbird, lifecycle,
      ]),
    tests("ConsoleWebTests", ["ConsoleWeb", "ConsoleStore", "ConsoleQueries", "Records", "Schedules"]),
  ]
let consolePackages: [Package.Dependency] =
  !withConsole
  ? []
  : [
    // Without traits: configuration files and full Foundation are not needed.
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
    systemLibrary("CLibCrypto"),
    systemLibrary("CLibCurl"),
    systemLibrary("CLibPQ"),
    systemLibrary("CLibSQLite"),
    systemLibrary("CLibZlib"),
    systemLibrary("CLibZstd"),

    // Helpers in C for functions that Swift or its Glibc module lacks.
    cLibrary("CSupport"),
    // Helpers that every module may import.
    library("Support", in: "Core", ["CSupport"]),

    // One safe wrapper for each C library: no other module imports it.
    library("Digest", in: "Clients", ["CLibCrypto"]),
    library("HTTP", in: "Clients", ["CLibCurl"]),
    library("Postgres", in: "Clients", ["CLibPQ", "FaultInjection", "Support"]),
    library("SQLite", in: "Clients", ["CLibSQLite"]),
    library("Zlib", in: "Clients", ["CLibZlib"]),
    library("Zstd", in: "Clients", ["CLibZstd"]),

    // The core and the interface.
    library("FaultInjection", in: "Core", ["CSupport"]),
    library("Records", in: "Core", ["CSupport", "Support"]),
    library("Spool", in: "Core", ["CSupport", "Support", "FaultInjection", "Digest", "Zstd"]),
    library("StructuredLogging", in: "Logging", ["CSupport", "Support", logging]),
    library("CloudWatch", in: "Logging", ["HTTP", "StructuredLogging", "Support"]),
    library(
      "CommandKit", in: "Core",
      ["Support", "FaultInjection", "Records", "Spool", "StructuredLogging", "CloudWatch", logging, arguments]),

    // Stages import the spool, but not each other.
    library(
      "FetchStage", in: "Stages",
      ["Records", "Spool", "CommandKit", "Support", "FaultInjection", "HTTP", "Digest", "Zlib", "Zstd"],
      resources: [.copy("Sample")]),
    library(
      "TransformStage", in: "Stages",
      ["StructuredLogging", "Records", "Spool", "CommandKit", "Support", "FaultInjection", "Digest"]),
    library(
      "LoadStage", in: "Stages",
      ["Support", "FaultInjection", "Records", "Spool", "CommandKit", "Postgres", "SQLite", "Digest", "Zstd"],
      resources: [.embedInCode("Migrations"), .embedInCode("SQL")]),
    executable("fetch", in: "Commands", ["FetchStage", "CommandKit", "Spool", "Support", "FaultInjection"]),
    executable("transform", in: "Commands", ["TransformStage", "CommandKit", "Spool", "Support", "FaultInjection"]),
    executable(
      "load", in: "Commands",
      ["LoadStage", "StructuredLogging", "Postgres", "Records", "CommandKit", "Spool", "Support", "FaultInjection"]),

    // A development tool: generates registries of any size, clean or with errors, and the days after them.
    library("GeneratorKit", in: "Tools"),
    executable("generator", in: "Tools", ["GeneratorKit", "Support"]),

    // Injects faults into the three executables, and checks the result.
    library(
      "SelfTestKit", in: "Tools", ["CSupport", "GeneratorKit", "Postgres", "Spool", "CommandKit", "Support", "Zstd"]),
    executable("selftest", in: "Tools", ["SelfTestKit", "CommandKit", "Postgres", "Support"]),

    // The console without its pages. The console and the stages do not import each other.
    library("Schedules", in: "Console"),
    library("Charts", in: "Console"),
    library(
      "ConsoleStore", in: "Console", ["Digest", "Postgres", "Schedules", "Support"],
      resources: [
        .embedInCode("store.sql"), .embedInCode("store-2.sql"), .embedInCode("store-3.sql"),
        .embedInCode("store-4.sql"), .embedInCode("store-5.sql"),
      ]),
    library(
      "ConsoleQueries", in: "Console", ["Postgres", "Records", "Support"], resources: [.embedInCode("search.sql")]),
    library(
      "ConsoleRunner", in: "Console",
      ["ConsoleStore", "FaultInjection", "Support", "Postgres", "Spool", logging]),

    systemLibrary("CLibSSL", path: "Tests/Helpers/CLibSSL"),
    testHelper("LoopbackServer", ["Support"]),
    testHelper("TLSProxy", ["CLibSSL", "Support"]),
    testHelper("ArchiveBuilder", ["CLibZlib", "Zstd"]),
    testHelper("SeededRandom"),
    testHelper("MalformedInputs", ["SeededRandom"]),
    testHelper("ReferenceImplementation"),
    testHelper("TestCluster", ["Postgres", "Support"]),
    testHelper("TestSupport", ["Records", "ReferenceImplementation", "Spool"]),
    // Compares the code with the reference on millions of hostile inputs: targets, a command, and a part as tests.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Records", "Spool", "FetchStage", "TransformStage", "CommandKit", "Support", "Digest", "Zstd",
        "ReferenceImplementation", "SeededRandom", "MalformedInputs", "TestSupport", "ArchiveBuilder",
      ],
      path: "Tests/Fuzz/Targets", swiftSettings: strict),
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets", "CommandKit", "Support", arguments],
      path: "Tests/Fuzz/Command",
      swiftSettings: strict),
    tests("FuzzTests", ["SeededRandom", "FuzzTargets", "MalformedInputs"], path: "Tests/Fuzz/Tests"),
    tests(
      "RecordsTests",
      [
        "SeededRandom", "Records", "ReferenceImplementation", "MalformedInputs", "TestSupport", "GeneratorKit",
        "FuzzTargets", "Support",
      ]),
    tests(
      "FetchStageTests",
      [
        "SeededRandom", "FetchStage", "CommandKit", "Spool", "Support", "FaultInjection", "Digest", "Records",
        "ReferenceImplementation", "MalformedInputs", "TestSupport", "LoopbackServer", "TLSProxy", "ArchiveBuilder",
      ]),
    tests(
      "TransformStageTests",
      [
        "SeededRandom", "TransformStage", "FetchStage", "CommandKit", "Spool", "Support", "ReferenceImplementation",
        "MalformedInputs", "TestSupport", "GeneratorKit",
      ]),
    tests("SpoolTests", ["CSupport", "Spool", "Support", "Digest", "Zstd", "TestSupport"]),
    tests(
      "RegistryTests",
      [
        "FetchStage", "TransformStage", "LoadStage", "CommandKit", "Spool", "TestCluster", "ReferenceImplementation",
        "MalformedInputs", "SeededRandom", "TestSupport",
      ]),
    tests("PostgresTests", ["Postgres", "Support", "TestCluster"]),
    tests(
      "LoadStageTests",
      [
        "SeededRandom", "LoadStage", "Records", "Spool", "CommandKit", "Support", "FaultInjection", "Postgres",
        "Digest", "Zstd", "TestCluster", "TestSupport",
      ]),
    tests(
      "CommandTests",
      [
        "SeededRandom", "fetch", "transform", "load", "Records", "Spool", "CommandKit", "Digest", "Postgres",
        "GeneratorKit", "LoopbackServer", "MalformedInputs", "TestSupport", "ReferenceImplementation", "Support",
        "TestCluster", "TLSProxy", "ArchiveBuilder",
      ]),
    tests("SupportTests", ["Support", "TestSupport"]),
    tests("StructuredLoggingTests", ["StructuredLogging", "TestSupport", "Support", logging]),
    tests(
      "CloudWatchTests", ["SeededRandom", "CloudWatch", "StructuredLogging", "LoopbackServer", "TestSupport", logging]),
    tests("SchedulesTests", ["SeededRandom", "Schedules", "MalformedInputs"]),
    tests("ChartsTests", ["SeededRandom", "Charts"]),
    tests(
      "ConsoleStoreTests",
      [
        "ConsoleStore", "ConsoleRunner", "Digest", "Support", "TestSupport", "Postgres", "Schedules", "TestCluster",
        logging,
      ]),
    tests("ConsoleQueriesTests", ["SeededRandom", "ConsoleQueries", "LoadStage", "Postgres", "TestCluster"]),
    tests("GeneratorKitTests", ["GeneratorKit"]),
    tests("SelfTestKitTests", ["SelfTestKit", "Support", "TestCluster", "fetch", "transform", "load"]),
    tests("LoopbackServerTests", ["LoopbackServer"]),
    tests("ReferenceTests", ["ReferenceImplementation", "MalformedInputs"]),
  ] + guided + console,
  swiftLanguageModes: [.v6]
)
