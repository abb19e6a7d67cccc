// swift-tools-version: 6.2
import PackageDescription

/// Settings of the code written here.
let ours: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Async functions stay on their caller's executor: each switch looks the task's executor up under a lock.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Settings of generated code, whose style is its generator's.
let generated: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let protobufPlugin = Target.Dependency.product(name: "SwiftProtobufPluginLibrary", package: "swift-protobuf")

let package = Package(
    name: "DataVault",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "Wire", targets: ["Wire", "WireProtos"]),
        .library(name: "Transcoding", targets: ["Transcoding"]),
        .executable(name: "protoc-gen-wire", targets: ["protoc-gen-wire"]),
        .executable(name: "datavault", targets: ["datavault"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf.git", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates.git", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-service-context.git", from: "1.5.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit.git", exact: "5.7.1"),
    ],
    targets: [
        // Leaf first: a target depends only on those above it.
        .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlidec", providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CGumbo", pkgConfig: "gumbo", providers: [.apt(["libgumbo-dev"])]),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "CTabular"),
        .target(name: "Patterns", swiftSettings: ours),
        .target(
            name: "GoogleAPIContract",
            dependencies: [protobuf],
            path: "Sources/Contracts/GoogleAPIContract",
            swiftSettings: generated
        ),
        .target(
            name: "PolicyContract",
            dependencies: [protobuf],
            path: "Sources/Contracts/PolicyContract",
            swiftSettings: generated
        ),
        .target(
            name: "WireGenerator",
            dependencies: ["GoogleAPIContract", "PolicyContract", "Patterns", protobuf, protobufPlugin],
            swiftSettings: ours
        ),
        .executableTarget(
            name: "protoc-gen-wire",
            dependencies: ["WireGenerator", protobufPlugin],
            swiftSettings: ours
        ),
        .testTarget(
            name: "GeneratorTests",
            dependencies: ["WireGenerator", "Patterns", protobuf, protobufPlugin],
            exclude: ["Golden", "Protos"],
            swiftSettings: ours
        ),
        .target(name: "WireProtos", dependencies: [protobuf], swiftSettings: generated),
        .target(
            name: "Wire",
            dependencies: [
                "WireProtos", "CNghttp2", "COpenSSL", "CZlib", nioCore, nioPosix, protobuf,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "ServiceContextModule", package: "swift-service-context"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .target(
            name: "OpenTelemetryContract",
            dependencies: ["Wire", protobuf],
            path: "Sources/Contracts/OpenTelemetryContract",
            swiftSettings: generated
        ),
        .target(
            name: "PolicyModel",
            dependencies: ["Wire", "WireProtos", "Patterns", protobuf],
            swiftSettings: ours
        ),
        .target(
            name: "Policy",
            dependencies: [
                "Wire", "WireProtos", "PolicyModel", "PolicyContract", protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: ours
        ),
        // The compiler embeds the descriptor set: see descriptor_set.c.
        .target(name: "CDescriptorSet", exclude: ["datavault.binpb"]),
        // The same of the documentation that the gateway serves.
        .target(name: "CDocumentation", exclude: ["documentation.site"]),
        .target(
            name: "DescriptorSet",
            dependencies: ["CDescriptorSet"],
            swiftSettings: ours + [.enableExperimentalFeature("Lifetimes")]
        ),
        .target(
            name: "ContractTools",
            dependencies: ["PolicyContract", "GoogleAPIContract", protobuf],
            swiftSettings: ours
        ),
        .target(
            name: "TestContractProtos",
            dependencies: ["Wire", "PolicyModel", "Patterns", protobuf],
            path: "Tests/Contract/Generated",
            swiftSettings: generated
        ),
        .executableTarget(
            name: "contract-test-server",
            dependencies: [
                "Wire", "Policy", "PolicyModel", "TestContractProtos", protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Contract/Server",
            swiftSettings: ours
        ),
        .testTarget(
            name: "PolicyTests",
            dependencies: [
                "Wire", "WireProtos", "Policy", "PolicyModel", "PolicyContract", "Patterns", "TestContractProtos",
                nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: ours
        ),
        .testTarget(
            name: "ContractToolsTests",
            dependencies: ["ContractTools", "DescriptorSet", "Wire", "WireProtos", protobuf],
            swiftSettings: ours
        ),
        .target(
            name: "Persistence",
            dependencies: [
                "CPostgres", grdb, grdbSQLite, .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: ours
        ),
        .target(name: "StoreTesting", path: "Tests/StoreTesting", swiftSettings: ours),
        .executableTarget(
            name: "persistence-probe",
            dependencies: ["Persistence"],
            path: "Tests/PersistenceProbe",
            swiftSettings: ours
        ),
        .testTarget(
            name: "PersistenceTests",
            dependencies: [
                "Persistence", "StoreTesting", "persistence-probe",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: ours
        ),
        .target(
            name: "Jobs",
            dependencies: [
                "Persistence",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .executableTarget(
            name: "jobs-probe",
            dependencies: ["Jobs", "Persistence"],
            path: "Tests/JobsProbe",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "jobs-bench",
            dependencies: ["Jobs", "Persistence"],
            path: "Tests/Benchmarks/Jobs",
            swiftSettings: ours
        ),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "Jobs", "Persistence", "StoreTesting", "jobs-probe",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .target(
            name: "Outbound",
            dependencies: [
                "CCurl", "CZlib", "CBrotli", "CZstd",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: ours
        ),
        .target(
            name: "ServiceKit",
            dependencies: [
                "Wire", "WireProtos", "Policy", "PolicyModel", "PolicyContract", "IdentityContract",
                "ComplianceContract",
                "OpenTelemetryContract", "Persistence", "Jobs", "Outbound",
                nioCore, nioPosix, protobuf,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "ServiceContextModule", package: "swift-service-context"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .testTarget(
            name: "ServiceKitTests",
            dependencies: [
                "ServiceKit", "Persistence", "Outbound", "StoreTesting", "Policy", "PolicyModel", "IdentityContract",
                "Wire", "WireProtos", nioCore,
                nioPosix, protobuf,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceContextModule", package: "swift-service-context"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["Objects/s3_server.py"],
            swiftSettings: ours
        ),
        .target(
            name: "ExampleContract",
            dependencies: ["Wire", "PolicyModel", "Patterns", protobuf],
            path: "Tests/Example/Generated",
            swiftSettings: generated
        ),
        .target(
            name: "ExampleService",
            dependencies: [
                "ServiceKit", "ExampleContract", "Wire", "Policy", "PolicyModel", "Persistence", "Jobs", protobuf,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Example/Service",
            swiftSettings: ours
        ),
        .testTarget(
            name: "OutboundTests",
            dependencies: [
                "Outbound", "CZlib",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            exclude: ["Server"],
            swiftSettings: ours
        ),
        // What `datavault collect` does, without its arguments: calls of REST alone, so no contract.
        .target(
            name: "CollectTool",
            dependencies: ["Outbound", .product(name: "Logging", package: "swift-log")],
            swiftSettings: ours
        ),
        .testTarget(name: "CollectToolTests", dependencies: ["CollectTool", "Outbound"], swiftSettings: ours),
        .executableTarget(
            name: "outbound-bench",
            dependencies: ["Outbound"],
            path: "Tests/Benchmarks/Outbound",
            exclude: ["outbound_bench.py"],
            swiftSettings: ours
        ),
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "Transcoding", dependencies: ["CProtobufC", "CSimdJSON", protobuf], swiftSettings: ours),
        // What `datavault call` does, without its arguments.
        .target(
            name: "CallTool",
            dependencies: [
                "Wire", "WireProtos", "Transcoding", "Policy", "PolicyModel", "PolicyContract", nioCore, protobuf,
            ],
            swiftSettings: ours
        ),
        .testTarget(
            name: "CallToolTests",
            dependencies: [
                "CallTool", "TestContractProtos", "Transcoding", "Wire", "WireProtos", nioCore, protobuf,
            ],
            swiftSettings: ours
        ),
        .target(
            name: "IdentityContract",
            dependencies: ["Wire", "PolicyModel", "PolicyContract", "Patterns", protobuf],
            path: "Sources/Contracts/IdentityContract",
            swiftSettings: generated
        ),
        .target(
            name: "ComplianceContract",
            dependencies: ["Wire", "PolicyModel", "PolicyContract", "GoogleAPIContract", "Patterns", protobuf],
            path: "Sources/Contracts/ComplianceContract",
            swiftSettings: generated
        ),
        .target(
            name: "ScrapeContract",
            dependencies: ["Wire", "PolicyModel", "PolicyContract", "GoogleAPIContract", "Patterns", protobuf],
            path: "Sources/Contracts/ScrapeContract",
            swiftSettings: generated
        ),
        .target(
            name: "PipelineContract",
            dependencies: ["Wire", "PolicyModel", "PolicyContract", "GoogleAPIContract", "Patterns", protobuf],
            path: "Sources/Contracts/PipelineContract",
            swiftSettings: generated
        ),
        .target(
            name: "GatewayContract",
            dependencies: ["Wire", "PolicyModel", protobuf],
            path: "Sources/Contracts/GatewayContract",
            swiftSettings: generated
        ),
        .target(
            name: "IdentityService",
            dependencies: [
                "ServiceKit", "IdentityContract", "ComplianceContract", "Wire", "WireProtos", "Policy", "PolicyModel",
                "PolicyContract", "Persistence", "Jobs", "DescriptorSet", "CArgon2", protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        // Identity as a process of its own, for tests that kill it.
        .executableTarget(
            name: "identity-probe",
            dependencies: [
                "IdentityService", "ServiceKit", "Policy", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/IdentityProbe",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "session-probe",
            dependencies: [
                "IdentityService", "IdentityContract", "Persistence", "Wire", nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Tests/SessionProbe",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "identity-bench",
            dependencies: [
                "IdentityService", "IdentityContract", "Persistence", "Wire", nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Tests/Benchmarks/Identity",
            swiftSettings: ours
        ),
        .testTarget(
            name: "IdentityServiceTests",
            dependencies: [
                "session-probe",
                "IdentityService", "IdentityContract", "ComplianceContract", "ServiceKit", "Wire", "WireProtos",
                "Policy",
                "PolicyModel", "PolicyContract", "Persistence", "Jobs", "StoreTesting", "identity-probe", nioCore,
                protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: ours
        ),
        .target(
            name: "ScrapeService",
            dependencies: [
                "CRE2", "CZlib", "Outbound",
                "ServiceKit", "ScrapeContract", "ComplianceContract", "Wire", "WireProtos", "Policy", "PolicyModel",
                "GatewayContract", "GoogleAPIContract",
                "PolicyContract", "Persistence", "Jobs", "DescriptorSet", protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .testTarget(
            name: "ScrapeServiceTests",
            dependencies: [
                "ScrapeService", "Outbound",
                "ServiceKit", "ScrapeContract", "ComplianceContract", "Wire", "WireProtos", "Policy", "PolicyModel",
                "PolicyContract", "Persistence", "Jobs", "StoreTesting", nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .target(
            name: "PipelineService",
            dependencies: [
                "CRE2", "CSimdJSON", "CTabular", "Outbound",
                "ServiceKit", "PipelineContract", "ScrapeContract", "ComplianceContract", "Wire", "WireProtos",
                "GatewayContract", "GoogleAPIContract", "Policy", "PolicyModel",
                "PolicyContract", "Persistence", "Jobs", "DescriptorSet", nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        // The worker of runs as a process of its own, for tests that kill it.
        .executableTarget(
            name: "pipeline-probe",
            dependencies: [
                "PipelineService", "ServiceKit", "Persistence", "Jobs", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/PipelineProbe",
            swiftSettings: ours
        ),
        .testTarget(
            name: "PipelineServiceTests",
            dependencies: [
                "PipelineService", "pipeline-probe",
                "ServiceKit", "PipelineContract", "ScrapeContract", "ComplianceContract", "Wire", "WireProtos",
                "GatewayContract", "GoogleAPIContract", "Policy", "PolicyModel",
                "PolicyContract", "Persistence", "Jobs", "StoreTesting", nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .executableTarget(
            name: "expression-filter",
            dependencies: ["PipelineService"],
            path: "Tests/Expressions/Filter",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "pipeline-bench",
            dependencies: ["PipelineService"],
            path: "Tests/Benchmarks/Pipeline",
            exclude: ["pipeline_bench.py"],
            swiftSettings: ours
        ),
        .target(
            name: "ComplianceService",
            dependencies: [
                "ServiceKit", "ComplianceContract", "GoogleAPIContract", "Wire", "WireProtos", "Policy", "PolicyModel",
                "PolicyContract", "Persistence", "Jobs", "DescriptorSet", protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        // Appends in a process of its own, for tests that kill it.
        .executableTarget(
            name: "compliance-probe",
            dependencies: ["ComplianceService", "Persistence"],
            path: "Tests/ComplianceProbe",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "audit-bench",
            dependencies: ["ComplianceService", "Persistence"],
            path: "Tests/Benchmarks/Audit",
            swiftSettings: ours
        ),
        .testTarget(
            name: "ComplianceServiceTests",
            dependencies: [
                "ComplianceService", "compliance-probe", "GoogleAPIContract",
                "ServiceKit", "ComplianceContract", "IdentityContract", "Wire", "WireProtos", "Policy", "PolicyModel",
                "PolicyContract", "Persistence", "Jobs", "StoreTesting", nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "ServiceKit", "IdentityContract", "GatewayContract", "GoogleAPIContract", "Transcoding",
                "CDocumentation", "DescriptorSet", "Wire", "WireProtos", "Policy", "PolicyModel", "PolicyContract",
                "CHiredis",
                nioCore, nioPosix, protobuf,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "IdentityContract", "GatewayContract", "GoogleAPIContract", "ServiceKit", "Transcoding",
                "TestContractProtos",
                "Wire", "WireProtos", "Policy", "PolicyModel", "PolicyContract", nioCore, nioPosix, nioEmbedded,
                protobuf,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: ours
        ),
        .executableTarget(
            name: "guard-bench",
            dependencies: [
                "Gateway", "IdentityContract", "ServiceKit", "Policy", "PolicyModel", "Wire", nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Benchmarks/Guard",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "datavault",
            dependencies: [
                "CallTool", "CollectTool", "ContractTools", "DescriptorSet", "ExampleService", "Gateway",
                "IdentityService",
                "ScrapeService", "PipelineService", "ComplianceService", "Outbound", "Persistence", "Policy",
                "PolicyModel",
                "ServiceKit", "Transcoding", "Wire", nioCore,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: ours
        ),
        .target(name: "CAllocationCounter", path: "Tests/AllocationCounter"),
        .testTarget(
            name: "WireTests",
            dependencies: [
                "Wire", "WireProtos", "EchoProtos", "InteropProtos", "CNghttp2", nioCore, nioPosix, nioEmbedded,
                protobuf,
                .product(name: "Metrics", package: "swift-metrics"),
                "CAllocationCounter",
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "ServiceContextModule", package: "swift-service-context"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: ours
        ),
        .testTarget(
            name: "TranscodingTests",
            dependencies: ["Transcoding", "CProtobufC", "TestContractProtos", "Wire", protobuf],
            swiftSettings: ours
        ),
        .executableTarget(
            name: "wire-transcode",
            dependencies: ["Transcoding", "TestContractProtos"],
            path: "Tests/Transcode/Filter",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "extraction-filter",
            dependencies: ["ScrapeService"],
            path: "Tests/Extraction/Filter",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "extraction-bench",
            dependencies: ["ScrapeService", "CGumbo"],
            path: "Tests/Benchmarks/Extraction",
            exclude: ["extraction_bench.py"],
            swiftSettings: ours
        ),
        .executableTarget(
            name: "transcode-bench",
            dependencies: ["Transcoding", "TestContractProtos", "CAllocationCounter", protobuf],
            path: "Tests/Benchmarks/Transcode",
            exclude: ["transcode_bench.py"],
            swiftSettings: ours
        ),
        .executableTarget(
            name: "policy-bench",
            dependencies: [
                "Policy", "PolicyModel", "Wire", "TestContractProtos", "CAllocationCounter", nioCore, protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Tests/Benchmarks/Policy",
            swiftSettings: ours
        ),
        .target(
            name: "BenchContract",
            dependencies: ["Wire", "PolicyModel", "Patterns", protobuf],
            path: "Tests/Benchmarks/Gateway/Generated",
            swiftSettings: generated
        ),
        .executableTarget(
            name: "gateway-bench",
            dependencies: [
                "BenchContract", "Gateway", "IdentityService", "ServiceKit", "Policy", "PolicyModel", "Wire", protobuf,
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/Benchmarks/Gateway/Program",
            swiftSettings: ours
        ),
        .target(
            name: "EchoProtos",
            dependencies: ["Wire", protobuf],
            path: "Tests/Benchmarks/EchoProtos",
            swiftSettings: generated
        ),
        .executableTarget(
            name: "telemetry-probe",
            dependencies: [
                "ServiceKit", "Wire", "EchoProtos", protobuf, nioCore, nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceContextModule", package: "swift-service-context"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Telemetry/Probe",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "telemetry-bench",
            dependencies: [
                "ServiceKit", "Wire", "EchoProtos", protobuf,
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            path: "Tests/Benchmarks/Telemetry",
            exclude: ["telemetry_bench.py"],
            swiftSettings: ours
        ),
        .executableTarget(
            name: "wire-echo",
            dependencies: ["Wire", "EchoProtos", protobuf],
            path: "Tests/Benchmarks/Echo",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "wire-chain",
            dependencies: [
                "ServiceKit", "Policy", "PolicyModel", "Wire", "BenchContract", protobuf,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            path: "Tests/Benchmarks/Chain",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "wire-echo-client",
            dependencies: ["Wire", "EchoProtos", protobuf, nioCore],
            path: "Tests/Benchmarks/EchoClient",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "wire-attack-target",
            dependencies: [
                "Wire", "EchoProtos", protobuf, nioCore, .product(name: "Metrics", package: "swift-metrics"),
            ],
            path: "Tests/Attacks/Target",
            swiftSettings: ours
        ),
        .target(
            name: "GreeterProtos",
            dependencies: ["Wire", protobuf],
            path: "Tests/ReadMe/Generated",
            swiftSettings: generated
        ),
        .executableTarget(
            name: "readme-example",
            dependencies: ["Wire", "GreeterProtos", protobuf],
            path: "Tests/ReadMe/Example",
            // As in a package of the reader's own.
            swiftSettings: [.swiftLanguageMode(.v6)]
        ),
        .target(
            name: "InteropProtos",
            dependencies: ["Wire", protobuf],
            path: "Tests/Interop/Generated",
            swiftSettings: generated
        ),
        .target(
            name: "InteropShared",
            dependencies: ["InteropProtos", protobuf],
            path: "Tests/Interop/Shared",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "wire-interop-server",
            dependencies: [
                "Wire", "WireProtos", "InteropProtos", "InteropShared", protobuf,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Interop/Server",
            swiftSettings: ours
        ),
        .executableTarget(
            name: "wire-interop-client",
            dependencies: ["Wire", "WireProtos", "InteropProtos", "InteropShared", protobuf, nioCore],
            path: "Tests/Interop/Client",
            swiftSettings: ours
        ),
    ],
    cxxLanguageStandard: .cxx17
)

/// Adds a setting to the targets of these names.
@MainActor func add(_ setting: SwiftSetting, to names: String...) {
    for target in package.targets where names.contains(target.name) { target.swiftSettings?.append(setting) }
}

// Memory that a sanitizer sees: see scripts/sanitize.sh.
if Context.environment["WIRE_SANITIZER"] != nil { add(.define("WIRE_SANITIZER"), to: "Wire", "WireTests") }

// Locks and continuations that the thread sanitizer sees.
if Context.environment["WIRE_THREAD_SANITIZER"] != nil {
    package.targets.insert(.systemLibrary(name: "CThreadSanitizer"), at: 0)
    for target in package.targets where target.name == "Wire" { target.dependencies.append("CThreadSanitizer") }
    add(.define("WIRE_THREAD_SANITIZER"), to: "Wire", "WireTests")
}

let fuzzed: [Target.Dependency] = [
    "Wire", nioCore, nioEmbedded, .product(name: "Logging", package: "swift-log"), "CNghttp2",
    "Transcoding", "TestContractProtos", protobuf, "ServiceKit", "ScrapeService", "PipelineService",
    "ComplianceService", .product(name: "Crypto", package: "swift-crypto"),
]
if Context.environment["WIRE_FUZZ"] == nil {
    package.targets.append(
        .testTarget(
            name: "FuzzTests",
            dependencies: fuzzed,
            path: "Tests/Fuzz",
            exclude: ["Corpus", "Engine", "README.md", "capture.py"],
            sources: ["Targets", "ReplayTests"],
            swiftSettings: ours
        )
    )
} else {
    // The fuzzer instead of the replay: both are made of the same sources. See scripts/fuzz.sh.
    let coverage = SwiftSetting.unsafeFlags(["-sanitize=fuzzer"])
    add(coverage, to: "Wire", "Transcoding")
    // Of the services only what reads bytes: stores and handlers take long to build, and nothing of them is fuzzed.
    let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
    let parsers: [String: (sources: [String], dependencies: [Target.Dependency])] = [
        "ServiceKit": (["Lists"], [crypto]),
        "ScrapeService": (
            [
                "Extraction", "Domain/CrawlURL.swift", "Domain/RobotsFile.swift", "Domain/RobotsTags.swift",
                "Domain/PathPattern.swift", "Fetch/Sitemap.swift", "Fetch/Evidence.swift", "Fetch/LinkResolver.swift",
            ], ["CRE2", "CZlib", crypto]
        ),
        "PipelineService": (["Formats", "Columns", "Expressions", "Steps"], ["CRE2", "CSimdJSON", "CTabular"]),
        "ComplianceService": (
            ["Domain/Leaf", "Domain/Checkpoint", "Domain/Export", "Domain/Merkle"], [crypto]
        ),
    ]
    for target in package.targets {
        guard let parser = parsers[target.name] else { continue }
        (target.sources, target.dependencies) = (parser.sources, parser.dependencies)
        add(coverage, to: target.name)
    }
    // C is instrumented by the same flags under another name.
    for target in package.targets where target.name == "CTabular" {
        target.cSettings = [.unsafeFlags(["-fsanitize=fuzzer-no-link"])]
    }
    package.targets.append(
        .executableTarget(
            name: "wire-fuzz",
            dependencies: fuzzed,
            path: "Tests/Fuzz",
            exclude: ["Corpus", "ReplayTests", "README.md", "capture.py"],
            sources: ["Targets", "Engine"],
            swiftSettings: ours,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]
        )
    )
}
