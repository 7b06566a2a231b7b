// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Warehouse",
  targets: [
    .target(name: "Warehouse"),
    .testTarget(name: "WarehouseTests", dependencies: ["Warehouse"]),
  ],
  swiftLanguageModes: [.v5]
)
