/// Who sends telemetry: OpenTelemetry's resource.
public struct TelemetryResource: Sendable, Hashable {
    /// `service.name`, for example `identity`.
    public var serviceName: String
    /// `service.namespace`.
    public var serviceNamespace: String
    /// `service.instance.id`: unlike that of every other process.
    public var serviceInstanceID: String
    /// `service.version`.
    public var serviceVersion: String
    /// What else describes the process: `deployment.environment.name`, for example.
    public var attributes: [String: String]

    public init(
        serviceName: String, serviceNamespace: String = "datavault", serviceInstanceID: String? = nil,
        serviceVersion: String = "", attributes: [String: String] = [:]
    ) {
        self.serviceName = serviceName
        self.serviceNamespace = serviceNamespace
        self.serviceInstanceID = serviceInstanceID ?? Hexadecimal.text([.random(in: .min ... .max)])
        self.serviceVersion = serviceVersion
        self.attributes = attributes
    }

    /// The instrumentation scope of all spans.
    static let scopeName = "datavault"

    /// All attributes, sorted; those with no value left out.
    var all: [(String, String)] {
        var all = attributes
        all["service.name"] = serviceName
        all["service.namespace"] = serviceNamespace
        all["service.instance.id"] = serviceInstanceID
        all["service.version"] = serviceVersion
        all["telemetry.sdk.name"] = Self.scopeName
        all["telemetry.sdk.language"] = "swift"
        return all.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
