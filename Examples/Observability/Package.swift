// swift-tools-version: 6.1

import PackageDescription

// A package of its own, so that nobody else fetches the libraries for metrics and tracing.
let package = Package(
  name: "Observability",
  dependencies: [
    .package(name: "tophash", path: "../..", traits: ["Metrics", "Tracing"]),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
  ],
  targets: [
    .executableTarget(
      name: "Shop",
      dependencies: [
        .product(name: "Tophash", package: "tophash"),
        .product(name: "TophashMarks", package: "tophash"),
        .product(name: "TophashMetrics", package: "tophash"),
        .product(name: "TophashTracing", package: "tophash"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
        .product(name: "Metrics", package: "swift-metrics"),
        // In a server, the libraries of what collects traces and metrics there.
        .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
