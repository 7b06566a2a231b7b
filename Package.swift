// swift-tools-version: 6.1

import PackageDescription

let package = Package(
  name: "tophash",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Tophash", targets: ["Tophash"]),
    .library(name: "TophashMarks", targets: ["TophashMarks"]),
    .library(name: "TophashMetrics", targets: ["TophashMetrics"]),
    .library(name: "TophashTracing", targets: ["TophashTracing"]),
    .executable(name: "tophash", targets: ["TophashCommand"]),
    .library(name: "TophashProbe", type: .dynamic, targets: ["CTophashProbe"]),
    .library(name: "TophashExplore", type: .dynamic, targets: ["CTophashExplore"]),
    .library(name: "TophashTesting", targets: ["TophashTesting"]),
    .library(name: "TophashXCTest", targets: ["TophashXCTest"]),
    .plugin(name: "TophashPlugin", targets: ["TophashPlugin"]),
  ],
  traits: [
    .trait(name: "Tool", description: "The program tophash, and what it depends on."),
    .trait(name: "Metrics", description: "TophashMetrics, for swift-metrics."),
    .trait(name: "Tracing", description: "TophashTracing, for swift-distributed-tracing."),
    // Whoever only uses the libraries or the plugin says `traits: []` and gets no other package.
    .default(enabledTraits: ["Tool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
  ],
  targets: [
    // The library: five dictionaries, for what a finding tells its reader to use.
    // The C target holds what Swift cannot say: a number per thread.
    .target(name: "CTophashThread"),
    .target(name: "Tophash", dependencies: ["CTophashThread"]),

    // Names for what a program does, on the timeline of `tophash trace`.
    .target(name: "TophashMarks"),

    // Spans and the dictionaries' figures, for programs that have libraries for these. Each
    // is empty without its trait, and nothing more is fetched then.
    .target(
      name: "TophashMetrics",
      dependencies: [
        "Tophash",
        .product(
          name: "CoreMetrics", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
      ]),
    .target(
      name: "TophashTracing",
      dependencies: [
        "TophashMarks",
        .product(
          name: "Tracing", package: "swift-distributed-tracing",
          condition: .when(traits: ["Tracing"])),
      ]),

    // What probe and tool agree on: the layout of the event file. Header only.
    .target(name: "CTophashProtocol"),

    // The probe. The core holds no hook, so that tests can drive it from Swift.
    .target(name: "CTophashCore", dependencies: ["CTophashProtocol"]),
    .target(name: "CTophashWatchpoint"),
    .target(
      name: "CTophashProbe",
      dependencies: ["CTophashCore", "CTophashProtocol", "CTophashTesting", "CTophashWatchpoint"]),

    // What test code may ask the probe in its process. Header only.
    .target(name: "CTophashTesting"),

    // For test code: conflicts fail the test in which they were caught. Nothing of the tool or of
    // the probe is linked; one target for each test library, as tests use one of them.
    .target(name: "TophashTestScopes", dependencies: ["CTophashTesting"]),
    .target(
      name: "TophashTesting",
      dependencies: [
        "TophashLinearizability", "TophashSearch", "TophashTaskOrder", "TophashTestScopes",
      ]),
    .target(name: "TophashXCTest", dependencies: ["TophashTestScopes"]),

    // `swift package tophash`: runs the tophash that is installed.
    .plugin(
      name: "TophashPlugin",
      capability: .command(
        intent: .custom(
          verb: "tophash", description: "Find tasks that touch one variable at the same time."))),

    // The schedule controller, preloaded by `tophash explore`. Who runs next is decided
    // without any hook, so that tests can ask from Swift.
    .target(name: "CTophashSchedule"),
    // Which schedule is tried next, and how a failing one is made short: for whole programs, and
    // for the bodies of tests.
    .target(name: "TophashSearch", dependencies: ["CTophashSchedule"]),
    .target(name: "CTophashExplore", dependencies: ["CTophashCore", "CTophashSchedule"]),

    // `explore { }` in a test: the order of a body's tasks, decided in its process.
    .target(name: "CTophashTaskOrder", dependencies: ["CTophashSchedule"]),
    .target(
      name: "TophashTaskOrder",
      dependencies: ["CTophashSchedule", "CTophashTaskOrder", "TophashSearch"]),

    // Whether what several tasks were told can be explained by doing one thing at a time.
    .target(name: "TophashLinearizability"),

    // The tool, from facts to words.
    .target(name: "TophashSymbols", dependencies: ["CTophashProtocol"]),
    .target(name: "TophashFindings", dependencies: ["CTophashProtocol", "TophashSymbols"]),
    .target(name: "TophashReports", dependencies: ["TophashFindings"]),
    .target(name: "TophashInspection", dependencies: ["TophashSymbols"]),
    .target(
      name: "TophashTrace",
      dependencies: ["CTophashProtocol", "TophashFindings", "TophashReports", "TophashSymbols"]),
    .target(
      name: "TophashExploration",
      dependencies: ["CTophashSchedule", "TophashReports", "TophashSearch", "TophashSymbols"]),
    // The pages of `tophash explain`; the build turns them into code, so that the tool stays one file.
    .target(name: "TophashMisuses", resources: [.embedInCode("Pages")]),
    // The examples under every method, counted.
    .target(name: "TophashGallery"),
    .executableTarget(
      name: "TophashCommand",
      dependencies: [
        "CTophashProtocol", "CTophashWatchpoint", "TophashExploration", "TophashFindings", "TophashGallery",
        "TophashInspection", "TophashMisuses", "TophashReports", "TophashSearch", "TophashSymbols",
        "TophashTrace",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser",
          condition: .when(traits: ["Tool"])),
        .product(name: "Yams", package: "Yams", condition: .when(traits: ["Tool"])),
        // Not linked: an executable dependency is only built beside the tool,
        // so that the first `tophash run` has something to show.
        "Inventory",
      ]
    ),

    // The bundled example: an ordinary program that knows nothing of Tophash.
    .executableTarget(name: "Inventory", path: "Examples/Inventory"),

    // Misuses a dictionary on purpose, for tests that it stops and for counting how often.
    .executableTarget(
      name: "DictionaryMisuser", dependencies: ["Tophash"], path: "Tests/DictionaryMisuser"),
    .testTarget(
      name: "TophashTests", dependencies: ["DictionaryMisuser", "Tophash", "TophashLinearizability"]),

    // Uses a dictionary from three threads, to be run under `tophash explore`.
    .executableTarget(
      name: "MapExplorer", dependencies: ["Tophash", "TophashLinearizability"], path: "Tests/MapExplorer"),

    // Explores bodies of tasks in its process, to measure how fast that is.
    .executableTarget(
      name: "TaskOrderExplorer", dependencies: ["TophashSearch", "TophashTaskOrder"],
      path: "Tests/TaskOrderExplorer"),

    // Programs that fail in some orders of their threads, and their twins.
    .executableTarget(
      name: "ScheduleCorpus", path: "Examples/ScheduleCorpus"),

    // What tests share: running programs, checking JSON against a schema, chance with a seed.
    .target(name: "TophashTestSupport", path: "Tests/TophashTestSupport"),

    .testTarget(
      name: "TophashCoreTests",
      dependencies: ["CTophashCore", "CTophashProtocol", "TophashTestSupport"]),
    .testTarget(
      name: "TophashProbeTests",
      // Runs the library, which the build leaves beside the tests; nothing is linked.
      dependencies: ["CTophashProtocol", "TophashFindings", "TophashTestSupport"],
      exclude: ["Programs"]),
    .testTarget(
      name: "TophashSymbolsTests",
      dependencies: ["TophashSymbols", "CTophashCore", "TophashTestSupport"]),
    .testTarget(
      name: "TophashInspectionTests", dependencies: ["TophashInspection", "TophashTestSupport"],
      exclude: ["Programs"]),
    .testTarget(
      name: "TophashFindingsTests", dependencies: ["TophashFindings", "TophashTestSupport"]),
    .testTarget(
      name: "TophashLinearizabilityTests", dependencies: ["TophashLinearizability"]),
    .testTarget(
      name: "TophashSearchTests", dependencies: ["CTophashSchedule", "TophashSearch"]),
    .testTarget(
      name: "TophashTestingTests",
      dependencies: [
        "TaskOrderExplorer", "TophashLinearizability", "TophashSearch", "TophashTaskOrder",
        "TophashTesting", "TophashTestSupport",
      ]),
    .testTarget(
      name: "TophashExplorationTests",
      // Programs are run under the built library and the built tool; neither is linked.
      dependencies: [
        "MapExplorer", "ScheduleCorpus", "TophashCommand", "TophashExploration", "TophashSearch",
        "TophashTestSupport",
      ],
      exclude: ["Programs"]),
    .testTarget(name: "TophashGalleryTests", dependencies: ["TophashGallery"]),
    .testTarget(
      name: "TophashReportsTests",
      dependencies: [
        "CTophashProtocol", "TophashInspection", "TophashReports", "TophashTestSupport",
      ],
      exclude: ["Golden", "Schemas"]),
    .testTarget(
      name: "TophashTraceTests",
      dependencies: [
        "CTophashCore", "CTophashProtocol", "TophashCommand", "TophashReports", "TophashTestSupport",
        "TophashTrace",
      ],
      exclude: ["Programs"]),
    .testTarget(
      name: "TophashCommandTests",
      // The built program is run; nothing of it is linked.
      dependencies: [
        "CTophashWatchpoint", "DictionaryMisuser", "TophashCommand", "TophashTestSupport",
      ],
      exclude: ["Programs"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
