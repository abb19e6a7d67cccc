import Testing
import Tracing

@testable import ServiceKit

@Suite struct TracingConfigurationTests {
    static let endpoints: [(String, OTLPEndpoint)] = [
        ("http://localhost:4317", OTLPEndpoint(host: "localhost", port: 4317, isEncrypted: false)),
        ("https://collector.example", OTLPEndpoint(host: "collector.example", port: 4317, isEncrypted: true)),
        ("HTTPS://collector.example:443/", OTLPEndpoint(host: "collector.example", port: 443, isEncrypted: true)),
        ("http://127.0.0.1:1", OTLPEndpoint(host: "127.0.0.1", port: 1, isEncrypted: false)),
        ("http://[::1]:4317", OTLPEndpoint(host: "::1", port: 4317, isEncrypted: false)),
        ("https://[2001:db8::1]", OTLPEndpoint(host: "2001:db8::1", port: 4317, isEncrypted: true)),
    ]

    @Test(arguments: endpoints) func readsEndpoints(text: String, endpoint: OTLPEndpoint) throws {
        #expect(try OTLPEndpoint(text) == endpoint)
        #expect(try OTLPEndpoint(endpoint.description) == endpoint)
    }

    static let badEndpoints = [
        "", "localhost:4317", "grpc://localhost", "http://", "https://:4317", "http://localhost:", "http://localhost:0",
        "http://localhost:65536", "http://localhost:4317x", "http://::1:4317", "http://[::1]x", "http://[::1",
        "http://user@localhost", "http://localhost/v1/traces", "http://localhost?x", "http://local host",
    ]

    @Test(arguments: badEndpoints) func refusesOtherEndpoints(text: String) {
        let error = #expect(throws: TelemetryConfigurationError.self) { try OTLPEndpoint(text) }
        #expect(error?.description.contains("https://collector.example:4317") == true)
    }

    static let invalid: [(String, @Sendable (inout TracingConfiguration) -> Void)] = [
        ("sampledRatio", { $0.sampledRatio = 1.1 }), ("sampledRatio", { $0.sampledRatio = .nan }),
        ("maxQueuedSpans", { $0.maxQueuedSpans = 0 }), ("maxQueuedBytes", { $0.maxQueuedBytes = -1 }),
        ("maxBatchSpans", { $0.maxBatchSpans = 0 }), ("maxBatchBytes", { $0.maxBatchBytes = 0 }),
        ("exportTimeout", { $0.exportTimeout = .zero }), ("initialBackoff", { $0.initialBackoff = .seconds(-1) }),
        ("maxBackoff", { $0.maxBackoff = .zero }),
        ("headers", { $0.headers = [OTLPHeader("api key", "s3cret")] }),
        ("headers", { $0.headers = [OTLPHeader("x-api-key", "s3cret\n")] }),
        ("headers", { $0.headers = [OTLPHeader("grpc-timeout", "1S")] }),
    ]

    @Test(arguments: invalid) func namesWhatCannotBe(
        key: String, change: @Sendable (inout TracingConfiguration) -> Void
    ) throws {
        var configuration = TracingConfiguration(endpoint: try OTLPEndpoint("http://localhost"))
        try configuration.validate()
        change(&configuration)
        let error = #expect(throws: TelemetryConfigurationError.self) { try configuration.validate() }
        #expect(error?.key == key)
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test func headersKeepTheirValue() {
        #expect("\(OTLPHeader("x-api-key", "s3cret"))" == "x-api-key: …")
        #expect("\([OTLPHeader("x-api-key", "s3cret")])" == "[x-api-key: …]")
    }

    @Test func resourceIsSortedAndWhole() {
        let resource = TelemetryResource(
            serviceName: "identity", serviceInstanceID: "i", serviceVersion: "",
            attributes: ["a": "b", "service.name": "no"])
        let names = resource.all.map(\.0)
        #expect(names == names.sorted() && !names.contains("service.version"))
        #expect(resource.all.contains { $0 == ("service.name", "identity") })
        #expect(
            TelemetryResource(serviceName: "a").serviceInstanceID
                != TelemetryResource(serviceName: "a").serviceInstanceID)
    }
}
