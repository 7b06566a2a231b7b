// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Cart",
  dependencies: [.package(name: "tophash", path: "TOPHASH", traits: [])],
  targets: [
    .target(name: "Cart"),
    .testTarget(
      name: "CartTests",
      dependencies: ["Cart", .product(name: "TophashTesting", package: "tophash")]),
    .testTarget(
      name: "CartXCTests",
      dependencies: ["Cart", .product(name: "TophashXCTest", package: "tophash")]),
  ]
)
