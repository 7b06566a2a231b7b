// swift-tools-version: 6.1

import PackageDescription

/// One program per misuse. Each holds several small scenarios, and each scenario a racy twin and
/// a fixed one: `swift run WriteWrite insert racy tasks`.
let misuses = [
  "WriteWrite", "ReadWrite", "Growth", "Iteration", "RareWrite", "Escape", "Variants",
  "Storage",
]

let package = Package(
  name: "Examples",
  targets: [
    // What the programs share: twins, workers, and the three ways of running them.
    .target(name: "Gallery"),

    // Correct programs of many kinds, on which a detector must stay silent.
    .target(name: "CUnusualLocks", path: "Sources/CUnusualLocks"),
    // Races whose sides never meet: only order tells.
    .executableTarget(name: "NeverMeet"),
    // What makes notes pile up, for as long as you like.
    .executableTarget(name: "Soak"),
    .executableTarget(name: "CorrectIdioms", dependencies: ["Gallery", "CUnusualLocks"]),
  ]
    + misuses.map { .executableTarget(name: $0, dependencies: ["Gallery"]) },
  swiftLanguageModes: [.v6]
)
