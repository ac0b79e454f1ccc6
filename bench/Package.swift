// swift-tools-version: 6.2
import PackageDescription

// The benchmarks, in a package of their own: the root's build neither sees this nor waits for it. It is a root
// package, which is why it may have unsafe flags; the product that it measures has none.

/// `bench/run` asks pkg-config for each rival's flags. Without them a row says that its rival is missing.
func flags(_ name: String) -> [String]? {
    Context.environment["BENCH_\(name)"].map { $0.split(separator: " ").map(String.init) }
}
let rivals = ["DPDK", "URCU", "CK", "ABSL", "PCAP"].filter { flags($0 + "_LIBS") != nil }
let rivalCompile =
    rivals.map { "-DBENCH_\($0)" } + rivals.flatMap { flags($0 + "_CFLAGS") ?? [] }
// swiftc links, and takes no options for the linker in the form that pkg-config gives them.
let rivalLink = rivals.flatMap { flags($0 + "_LIBS") ?? [] }.filter {
    $0.hasPrefix("-l") || $0.hasPrefix("-L")
}

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
let packetPath = Target.Dependency.product(name: "PacketPath", package: "gatehouse")
let capture = Target.Dependency.product(name: "Capture", package: "gatehouse")

let package = Package(
    name: "gatehouse-bench",
    dependencies: [.package(name: "gatehouse", path: "..")],
    targets: [
        .target(name: "Figures", path: "Figures", swiftSettings: strict),
        .target(name: "Harness", path: "Benchmarks/Harness"),
        .target(
            name: "Reference", path: "Benchmarks/Reference", cSettings: [.unsafeFlags(["-O3"])]),
        .target(
            name: "ReferenceNative", dependencies: ["Reference"], path: "Benchmarks/ReferenceNative",
            cSettings: [.unsafeFlags(["-O3", "-march=native"])]),
        .target(
            name: "Rivals", path: "Benchmarks/Rivals",
            cSettings: [.unsafeFlags(["-O3"] + rivalCompile)],
            cxxSettings: [.unsafeFlags(["-O3"] + rivalCompile)],
            linkerSettings: [.unsafeFlags(rivalLink)]),
        .target(
            name: "Workload", dependencies: [packetPath, "Harness", "Reference", "Rivals"],
            path: "Benchmarks/Workload", swiftSettings: strict),
        .executableTarget(
            name: "PathGate", dependencies: ["Workload", "Reference"], path: "Benchmarks/PathGate",
            swiftSettings: strict),
        .executableTarget(
            name: "PathBench",
            dependencies: [
                packetPath, capture, "Workload", "Harness", "Reference", "ReferenceNative", "Rivals",
                "Figures",
            ],
            path: "Benchmarks/PathBench", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
