// swift-tools-version: 6.1

import PackageDescription

// The programs that `Benchmarks/overhead` measures. A package of its own, so that
// nobody who uses Tophash has to fetch swift-nio.
let package = Package(
  name: "workloads",
  products: [
    .executable(name: "dictionary-loop", targets: ["DictionaryLoop"]),
    .executable(name: "locked-cache", targets: ["LockedCache"]),
    .executable(name: "word-count", targets: ["WordCount"]),
    .executable(name: "json", targets: ["JSONDecoding"]),
    .executable(name: "server", targets: ["Server"]),
    .executable(name: "load", targets: ["Load"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.80.0")
  ],
  targets: [
    // What all of them share: the size of a run, and the line that ends it.
    .target(name: "Workload"),

    .executableTarget(name: "DictionaryLoop", dependencies: ["Workload"]),
    .executableTarget(name: "LockedCache", dependencies: ["Workload"]),
    .executableTarget(name: "WordCount", dependencies: ["Workload"]),
    .executableTarget(name: "JSONDecoding", dependencies: ["Workload"]),

    // Measured while `Load`, a second process, sends it a fixed number of requests.
    .executableTarget(
      name: "Server",
      dependencies: [
        "Workload",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]
    ),
    .executableTarget(
      name: "Load",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]
    ),
  ],
  swiftLanguageModes: [.v6]
)
