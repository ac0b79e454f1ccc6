// swift-tools-version: 6.2
import PackageDescription

/// Fuzzers of what reads bytes from outside. A package of its own: it is built with the sanitizers, and nothing of it
/// belongs to gatehouse. What is checked is in Tests/FuzzProperties; `run` builds and starts it.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "gatehouse", path: "../..")],
    targets: [
        .executableTarget(
            name: "Fuzz", dependencies: [.product(name: "FuzzProperties", package: "gatehouse")])
    ],
    swiftLanguageModes: [.v6]
)
