// swift-tools-version: 6.1

import PackageDescription

// Whole-module and cross-module optimisation are what a release build has anyway. The workload is
// inlinable, so that each map gets a loop of its own.
let package = Package(
  name: "swift-peers",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "tophash", path: "../../../..")],
  targets: [
    .target(name: "Workload"),
    .executableTarget(name: "Baseline", dependencies: ["Workload"]),
    .executableTarget(
      name: "Ours", dependencies: ["Workload", .product(name: "Tophash", package: "tophash")]),
  ],
  swiftLanguageModes: [.v6]
)
