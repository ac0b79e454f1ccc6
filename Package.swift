// swift-tools-version: 6.2
import PackageDescription

/// Every target is built alike: Swift 6 language mode, no warnings, strict memory safety, and the upcoming
/// features that make what leaks out of a module visible in review.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

/// As `strict`, and optimised in debug builds too, with assertions as they are there: the algebra that tests put through
/// millions of cases, what reads the packs that most of them begin with, and the slow models where they take longest.
let optimised =
    strict + [.unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
/// HTTP/1.1 and TLS, and nothing of a web framework.
let http: [Target.Dependency] = [
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
]
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// What each target may import is stated, with reasons, in Tests/ArchitectureTests.
let package = Package(
    name: "gatehouse",
    products: [
        // For the benchmark package, and for nobody else.
        .library(name: "PacketPath", targets: ["PacketPath"]),
        .library(name: "Capture", targets: ["Capture"]),
        // For the package of fuzzers (Tests/Fuzz), and for nobody else.
        .library(name: "FuzzProperties", targets: ["FuzzProperties"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // The control path, in the order of the data's flow.
        .target(name: "NetworkTypes", swiftSettings: optimised),
        .target(name: "FlowSpace", dependencies: ["NetworkTypes"], swiftSettings: optimised),
        .target(name: "Sessions", dependencies: ["NetworkTypes"], swiftSettings: strict),
        .target(
            name: "Evidence", dependencies: ["Sessions", "NetworkTypes", crypto], swiftSettings: optimised),
        .target(
            name: "Certificates", dependencies: ["Evidence", "Sessions", "NetworkTypes", x509, asn1, crypto],
            swiftSettings: strict),
        .target(name: "PostureReports", dependencies: ["Evidence", "Sessions"], swiftSettings: strict),
        .target(
            name: "SharedSignals", dependencies: ["PostureReports", "Evidence", "Sessions", jwt],
            swiftSettings: strict),
        .target(
            name: "PolicyLanguage",
            dependencies: ["NetworkTypes", "FlowSpace", "Sessions", "Evidence", yams],
            swiftSettings: optimised),
        .target(
            name: "RegisterImport", dependencies: ["PolicyLanguage", "Evidence", "Sessions"],
            swiftSettings: strict),
        .target(
            name: "Classification",
            dependencies: ["PolicyLanguage", "Sessions", "Evidence", "FlowSpace", "NetworkTypes"],
            swiftSettings: optimised),
        .target(
            name: "PolicyProof",
            dependencies: [
                "Classification", "PolicyLanguage", "Sessions", "Evidence", "FlowSpace", "NetworkTypes",
            ], swiftSettings: optimised),
        .target(
            name: "Coverage",
            dependencies: [
                "Classification", "PolicyLanguage", "FlowSpace", "Sessions", "NetworkTypes", crypto,
            ], swiftSettings: strict),
        .target(name: "Audit", dependencies: ["Sessions", crypto], swiftSettings: strict),
        .target(name: "Alerts", dependencies: ["Sessions"], swiftSettings: strict),
        .target(
            name: "PolicyDifference",
            dependencies: [
                "Classification", "PolicyLanguage", "Sessions", "Evidence", "FlowSpace", "NetworkTypes",
            ],
            swiftSettings: optimised),
        .target(
            name: "Drafting",
            dependencies: [
                "Classification", "PolicyLanguage", "FlowSpace", "Sessions", "Evidence", "NetworkTypes",
            ],
            swiftSettings: strict),
        .target(
            name: "RulesetCompiler",
            dependencies: ["Classification", "PolicyLanguage", "FlowSpace", "NetworkTypes", "Sessions"],
            swiftSettings: strict),
        .target(
            name: "Diagnosis", dependencies: ["RulesetCompiler", "Sessions"], swiftSettings: strict),
        .target(
            name: "Enforcement",
            dependencies: [
                "PacketPath", "RulesetCompiler", "Classification", "PolicyLanguage", "Evidence", "Sessions",
                "FlowSpace", "NetworkTypes", logging,
            ], swiftSettings: strict),

        // The edges: the kernel, the VPN server, the disk, the administrator.
        .target(name: "CLinux"),
        .systemLibrary(name: "CNetfilter"),
        .target(
            name: "Netfilter",
            dependencies: ["RulesetCompiler", "NetworkTypes", "Sessions", "CNetfilter", "CLinux"],
            swiftSettings: strict),
        .target(
            name: "VPNSources", dependencies: ["Sessions", "NetworkTypes", logging], swiftSettings: strict),
        .target(
            name: "Store", dependencies: ["Sessions", "Evidence", "NetworkTypes", grdb, crypto],
            swiftSettings: strict
        ),
        .target(name: "AuditLog", dependencies: ["Audit", "Sessions"], swiftSettings: strict),
        .target(
            name: "AlertSinks",
            dependencies: [
                "Alerts", "Sessions", "CLinux", crypto, .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: strict),
        .systemLibrary(name: "CMaxMindDB", providers: [.apt(["libmaxminddb-dev"])]),
        .target(
            name: "Place", dependencies: ["Evidence", "Sessions", "NetworkTypes", "CMaxMindDB", "CLinux"],
            swiftSettings: strict),
        .target(
            name: "Portal",
            dependencies: [
                "SharedSignals", "PostureReports", "Evidence", "Sessions", "NetworkTypes", crypto, x509, asn1,
                logging, lifecycle, httpClient,
            ] + http, swiftSettings: strict),
        .target(
            name: "Trust", dependencies: ["Certificates", "Evidence", "Sessions", "CLinux"],
            swiftSettings: strict),
        // What OpenVPN runs at every login: no Foundation, so that it starts in a moment.
        .executableTarget(name: "gatehouse-hand-over", path: "Sources/HandOver", swiftSettings: strict),
        .target(name: "ControlAPI", swiftSettings: strict),
        .target(
            name: "Control",
            dependencies: [
                "ControlAPI", "CLinux", logging, .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: strict),
        .target(
            name: "Lab", dependencies: ["NetworkTypes", "CLinux", x509, asn1, crypto],
            swiftSettings: strict),

        // The packet path: values and memory, no system.
        .target(name: "CPacketPath"),
        .target(
            name: "PacketPath", dependencies: ["NetworkTypes", "CPacketPath"], swiftSettings: strict),
        .systemLibrary(name: "CPcap", providers: [.apt(["libpcap-dev"])]),
        .target(
            name: "Capture", dependencies: ["PacketPath", "NetworkTypes", "CPcap", "CLinux"],
            swiftSettings: strict),
        .target(
            name: "Replay",
            dependencies: [
                "PacketPath", "Classification", "PolicyLanguage", "Evidence", "Sessions", "FlowSpace",
                "NetworkTypes",
            ], swiftSettings: strict),

        .executableTarget(
            name: "gatehouse",
            dependencies: [
                "Capture", "PacketPath", "Replay", "PolicyDifference",
                "Enforcement", "RulesetCompiler", "Classification", "PolicyLanguage", "Evidence", "Sessions",
                "FlowSpace", "NetworkTypes", "Netfilter", "VPNSources", "Store", "Place", "Certificates",
                "Portal", "Trust", "Control", "ControlAPI", "Lab", "RegisterImport", "PolicyProof",
                "Coverage",
                "Drafting", "Diagnosis", "Audit", "AuditLog", "SharedSignals", "Alerts",
                "AlertSinks", "CLinux",
                argumentParser, logging, lifecycle, unixSignals,
            ], swiftSettings: strict),

        // Measured from inside, since it is no library: bench/run starts it beside the others.
        .executableTarget(
            name: "EvidenceBench",
            dependencies: [
                "Enforcement", "RulesetCompiler", "Classification", "PolicyLanguage", "Evidence", "Sessions",
                "NetworkTypes", "Netfilter", "Store", "CLinux", logging,
            ], path: "bench/Evidence", swiftSettings: strict),
        .target(name: "BenchFigures", path: "bench/Figures", swiftSettings: strict),
        .target(name: "CTraffic", path: "bench/Kernel/Traffic"),
        .executableTarget(
            name: "KernelBench",
            dependencies: [
                "RulesetCompiler", "FlowSpace", "Sessions", "NetworkTypes", "Netfilter", "CLinux", "CTraffic",
                "BenchFigures",
            ], path: "bench/Kernel", exclude: ["Traffic"], swiftSettings: strict),
        .executableTarget(
            name: "PolicyBench",
            dependencies: ["PolicyProof", "Classification", "PolicyLanguage", "Sessions"],
            path: "bench/Policy", swiftSettings: strict),

        .executableTarget(
            name: "AuditBench", dependencies: ["AuditLog", "Audit", "Sessions"], path: "bench/Audit",
            swiftSettings: strict),
        .executableTarget(
            name: "PlanBench",
            dependencies: ["PolicyDifference", "Classification", "PolicyLanguage", "Sessions"],
            path: "bench/Plan", swiftSettings: strict),

        // Tests, and what they share.
        .target(
            name: "FakeKernel", dependencies: ["RulesetCompiler", "FlowSpace", "NetworkTypes", "Sessions"],
            path: "Tests/FakeKernel", swiftSettings: optimised),
        .target(
            name: "RulesetSamples",
            dependencies: ["RulesetCompiler", "FlowSpace", "NetworkTypes", "Sessions"],
            path: "Tests/RulesetSamples", swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "SharedSignalsTests",
            dependencies: ["SharedSignals", "Evidence", "Sessions"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
        .testTarget(
            name: "NetworkTypesTests", dependencies: ["TestSupport", "NetworkTypes"], swiftSettings: strict),
        .testTarget(
            name: "FlowSpaceTests", dependencies: ["TestSupport", "FlowSpace", "NetworkTypes"],
            swiftSettings: strict),
        .testTarget(
            name: "SessionsTests", dependencies: ["TestSupport", "Sessions", "NetworkTypes"],
            swiftSettings: strict),
        .testTarget(
            name: "EvidenceTests", dependencies: ["TestSupport", "Evidence", "Sessions", "NetworkTypes"],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "CertificatesTests",
            dependencies: [
                "TestSupport", "Certificates", "Evidence", "Sessions", "NetworkTypes", x509, asn1, crypto,
            ], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "PostureReportsTests",
            dependencies: ["TestSupport", "PostureReports", "Evidence", "Sessions"], swiftSettings: strict),
        .testTarget(
            name: "PolicyLanguageTests",
            dependencies: [
                "TestSupport", "FuzzProperties", "PolicyLanguage", "FlowSpace", "Evidence", "Sessions",
                "NetworkTypes",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "RegisterImportTests",
            dependencies: ["TestSupport", "RegisterImport", "PolicyLanguage", "Evidence", "Sessions"],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "PolicyProofTests",
            dependencies: [
                "TestSupport", "PolicyProof", "Classification", "PolicyLanguage", "FlowSpace", "Evidence",
                "Sessions", "NetworkTypes",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ClassificationTests",
            dependencies: [
                "TestSupport", "Classification", "PolicyLanguage", "FlowSpace", "Evidence", "Sessions",
                "NetworkTypes",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CoverageTests",
            dependencies: [
                "TestSupport", "Coverage", "Classification", "PolicyLanguage", "Sessions", "NetworkTypes",
            ], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "AuditTests", dependencies: ["TestSupport", "Audit", "Sessions", crypto],
            swiftSettings: strict),
        .testTarget(
            name: "AuditLogTests", dependencies: ["TestSupport", "AuditLog", "Audit", "Sessions"],
            swiftSettings: strict),
        .testTarget(
            name: "AlertsTests", dependencies: ["TestSupport", "Alerts", "Sessions"], swiftSettings: strict),
        // What the tests of alerts kill.
        .executableTarget(
            name: "AlertCourier", dependencies: ["AlertSinks", "Alerts", "Sessions"],
            path: "Tests/AlertCourier", swiftSettings: strict),
        .testTarget(
            name: "AlertSinksTests",
            dependencies: ["TestSupport", "AlertCourier", "AlertSinks", "Alerts", "Sessions"],
            swiftSettings: strict),
        .testTarget(
            name: "PolicyDifferenceTests",
            dependencies: [
                "TestSupport", "PolicyDifference", "Classification", "PolicyLanguage", "FlowSpace",
                "Evidence", "Sessions", "NetworkTypes",
            ], exclude: ["Golden"], swiftSettings: optimised),
        .testTarget(
            name: "DraftingTests",
            dependencies: [
                "TestSupport", "Drafting", "PolicyProof", "Coverage", "Classification", "PolicyLanguage",
                "FlowSpace", "Sessions", "NetworkTypes", yams,
            ], swiftSettings: strict),
        .testTarget(
            name: "RulesetCompilerTests",
            dependencies: [
                "TestSupport", "FakeKernel", "RulesetSamples",
                "RulesetCompiler", "Classification", "PolicyLanguage", "FlowSpace", "Sessions",
                "NetworkTypes",
            ], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "DiagnosisTests",
            dependencies: ["TestSupport", "Diagnosis", "RulesetCompiler", "Sessions"],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "NetfilterTests",
            dependencies: [
                "TestSupport", "FakeKernel", "RulesetSamples", "Diagnosis",
                "Netfilter", "Enforcement", "PacketPath", "CNetfilter", "RulesetCompiler", "Classification",
                "PolicyLanguage", "FlowSpace", "Sessions", "NetworkTypes", "CLinux",
            ], swiftSettings: strict),
        .testTarget(
            name: "VPNSourcesTests",
            dependencies: ["TestSupport", "VPNSources", "Sessions", "NetworkTypes", logging],
            exclude: ["Transcripts"], swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "TestSupport", "Store", "AuditLog", "Audit", "Evidence", "Sessions", "NetworkTypes", grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EnforcementTests",
            dependencies: [
                "TestSupport", "FakeKernel", "PacketPath",
                "Enforcement", "RulesetCompiler", "Classification", "PolicyLanguage", "Evidence", "Sessions",
                "FlowSpace", "NetworkTypes",
            ], swiftSettings: strict),
        .testTarget(
            name: "PlaceTests", dependencies: ["TestSupport", "Place", "Evidence", "NetworkTypes"],
            swiftSettings: strict),
        .testTarget(
            name: "PortalTests",
            dependencies: [
                "SharedSignals",
                "TestSupport", "Portal", "PostureReports", "Evidence", "Sessions", "NetworkTypes", crypto,
                x509,
                asn1, logging, lifecycle, .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + http, swiftSettings: strict),
        .testTarget(
            name: "TrustTests",
            dependencies: [
                "TestSupport", "Trust", "Certificates", "VPNSources", "Evidence", "Sessions", "NetworkTypes",
                "CLinux", "gatehouse-hand-over", x509, asn1, crypto, logging,
            ], swiftSettings: strict),
        .testTarget(
            name: "ControlAPITests", dependencies: ["TestSupport", "ControlAPI"], swiftSettings: strict),
        .testTarget(
            name: "ControlTests", dependencies: ["TestSupport", "Control", "ControlAPI", logging],
            swiftSettings: strict),
        .target(name: "PacketSamples", path: "Tests/PacketSamples", swiftSettings: strict),
        .testTarget(
            name: "PacketPathTests",
            dependencies: [
                "TestSupport", "PacketSamples", "PacketPath", "NetworkTypes", "FlowSpace", "FakeKernel",
                "RulesetCompiler", "RulesetSamples", "Sessions",
            ], swiftSettings: optimised),
        .target(
            name: "FuzzProperties",
            dependencies: [
                "Capture", "PacketPath", "VPNSources", "Certificates", "Trust", "PostureReports",
                "SharedSignals", "PolicyLanguage", "RegisterImport", "Netfilter", "RulesetCompiler",
                "Control", "ControlAPI", "Place",
                "Evidence", "Sessions", "FlowSpace", "NetworkTypes", "Classification", "Audit",
            ], path: "Tests/FuzzProperties", exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "FuzzPropertiesTests", dependencies: ["FuzzProperties", "PacketSamples", "PacketPath"],
            swiftSettings: strict),
        .testTarget(
            name: "CaptureTests",
            dependencies: [
                "TestSupport", "PacketSamples", "Capture", "PacketPath", "NetworkTypes", "CLinux",
            ],
            exclude: ["Captures"], swiftSettings: strict),
        .testTarget(
            name: "GatehouseTests",
            dependencies: [
                "TestSupport", "FakeKernel", "gatehouse", "Lab", "Portal", "SharedSignals", "Diagnosis",
                "Enforcement",
                "RulesetCompiler",
                "Classification",
                "PolicyLanguage", "RegisterImport", "Evidence", "Store", "Audit", "AuditLog", "Alerts",
                "AlertSinks", "Coverage",
                "Control", "ControlAPI", "Sessions", "NetworkTypes",
                argumentParser, logging,
            ], swiftSettings: strict),
        .testTarget(
            name: "ReplayTests",
            dependencies: [
                "TestSupport", "PacketSamples",
                "Replay", "Capture", "PacketPath", "Classification", "PolicyLanguage", "Sessions",
                "NetworkTypes",
            ], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "LabTests", dependencies: ["Lab", "NetworkTypes", x509, asn1, crypto], swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
