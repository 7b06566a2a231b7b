// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Cart",
  dependencies: [.package(name: "tophash", path: "TOPHASH", traits: [])],
  targets: [
    .target(name: "Cart"),
    .target(name: "CartUse", dependencies: ["Cart"], path: "Tests/CartUse"),
    .testTarget(
      name: "CartTests",
      dependencies: ["Cart", "CartUse", .product(name: "TophashTesting", package: "tophash")]),
    .testTarget(
      name: "CartXCTests",
      dependencies: ["Cart", "CartUse", .product(name: "TophashXCTest", package: "tophash")]),
  ]
)
