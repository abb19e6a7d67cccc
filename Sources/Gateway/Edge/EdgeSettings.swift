import ServiceKit

/// The settings of the edge: the bounds of `EdgeConfiguration`, and what browsers may do.
enum EdgeSettings {
    private static let standard = EdgeConfiguration()

    static let maxHeaderBytes = SettingKey(
        "gateway.edge.header-bytes", default: ByteCount(standard.maxHeaderBytes),
        in: ByteCount(1 << 10)...ByteCount(1 << 20),
        "Bytes of a request's header fields, names and values; more is answered with 431.")
    static let maxHeaderCount = SettingKey(
        "gateway.edge.header-count", default: standard.maxHeaderCount, in: 1...1_000,
        "Header fields of a request; more is answered with 431.")
    static let maxTargetLength = SettingKey(
        "gateway.edge.target-length", default: ByteCount(standard.maxTargetLength),
        in: ByteCount(256)...ByteCount(64 << 10),
        "Bytes of a request's target; more is answered with 414.")
    static let maxBodyBytes = SettingKey(
        "gateway.edge.body-bytes", default: ByteCount(standard.maxBodyBytes),
        in: ByteCount(1 << 10)...ByteCount(256 << 20),
        "Bytes of a body that becomes one message; more is answered with 413.")
    static let maxUploadBytes = SettingKey(
        "gateway.edge.upload-bytes", default: ByteCount(standard.maxUploadBytes),
        in: ByteCount(1 << 10)...ByteCount(1 << 40),
        "Bytes of an upload; more is answered with 413.")
    static let uploadPieceBytes = SettingKey(
        "gateway.edge.upload-piece-bytes", default: ByteCount(standard.uploadPieceBytes),
        in: ByteCount(1 << 10)...ByteCount(1 << 20),
        "Bytes of one piece of an upload, as the service gets it.")
    static let maxWaitingBytes = SettingKey(
        "gateway.edge.waiting-bytes", default: ByteCount(standard.maxWaitingBytes),
        in: ByteCount(16 << 10)...ByteCount(16 << 20),
        "Bytes of a body that wait to be taken before no more are read.")
    static let maxPipelinedRequests = SettingKey(
        "gateway.edge.pipelined-requests", default: standard.maxPipelinedRequests, in: 1...1_000,
        "Requests of one HTTP/1.1 connection that wait for the one before them; then no more are read.")
    static let headTimeout = SettingKey(
        "gateway.edge.head-timeout", default: standard.headTimeout, in: .milliseconds(100)...Duration.seconds(300),
        "From a request's first byte to the end of its head; later is answered with 408.")
    static let requestTimeout = SettingKey(
        "gateway.edge.request-timeout", default: standard.requestTimeout,
        in: .milliseconds(100)...Duration.seconds(3_600),
        "From a request's head to the end of its body; later is answered with 408.")
    static let uploadTimeout = SettingKey(
        "gateway.edge.upload-timeout", default: standard.uploadTimeout, in: .seconds(1)...Duration.seconds(86_400),
        "The same for uploads.")
    static let minimumBodyRate = SettingKey(
        "gateway.edge.body-rate", default: standard.minimumBodyRate, in: 0...1_000_000_000,
        "Bytes a second of a body, on average; slower is answered with 408.")
    static let bodyRateGrace = SettingKey(
        "gateway.edge.body-rate-grace", default: standard.bodyRateGrace, in: .milliseconds(100)...Duration.seconds(300),
        "From a request's head until its rate is looked at.")
    static let writeTimeout = SettingKey(
        "gateway.edge.write-timeout", default: standard.writeTimeout, in: .milliseconds(100)...Duration.seconds(3_600),
        "The longest that a client may take no bytes of an answer that waits for it.")
    static let idleTimeout = SettingKey(
        "gateway.edge.idle-timeout", default: standard.idleTimeout, in: .milliseconds(100)...Duration.seconds(3_600),
        "Between two requests of an HTTP/1.1 connection.")
    static let defaultCallTimeout = SettingKey(
        "gateway.edge.call-timeout", default: standard.defaultCallTimeout,
        in: .milliseconds(10)...Duration.seconds(3_600),
        "The time that a call may take if its caller names none.")
    static let maxCallTimeout = SettingKey(
        "gateway.edge.call-timeout-limit", default: standard.maxCallTimeout,
        in: .milliseconds(10)...Duration.seconds(3_600),
        "The longest that a caller may ask for.")
    static let maxStreamDuration = SettingKey(
        "gateway.edge.stream-limit", default: standard.maxStreamDuration, in: .seconds(1)...Duration.seconds(86_400),
        "The longest that a stream lasts, upload or download.")
    static let heartbeatInterval = SettingKey(
        "gateway.edge.heartbeat", default: standard.heartbeatInterval, in: .milliseconds(100)...Duration.seconds(600),
        "Between two signs of life of a stream that has nothing to say.")
    static let denialTimeout = SettingKey(
        "gateway.edge.denial-timeout", default: standard.denialTimeout, in: .milliseconds(100)...Duration.seconds(60),
        "The longest that a caller who is refused waits until its service has recorded that.")
    static let maxConnections = SettingKey(
        "gateway.edge.connections", default: standard.maxConnections, in: 1...1_000_000,
        "Connections in all; more are closed at once.")
    static let maxConnectionsPerAddress = SettingKey(
        "gateway.edge.connections-per-address", default: standard.maxConnectionsPerAddress, in: 1...1_000_000,
        "Connections from one address.")
    static let maxRequestsInFlight = SettingKey(
        "gateway.edge.requests-in-flight", default: standard.maxRequestsInFlight, in: 1...1_000_000,
        "Requests that are served at once; more are answered with 503.")
    static let offloadBytes = SettingKey(
        "gateway.edge.offload-bytes", default: ByteCount(standard.offloadBytes),
        in: ByteCount(1 << 10)...ByteCount(16 << 20),
        "Bodies over this size are turned into messages, and hashed, on threads of their own.")
    static let offloadThreads = SettingKey(
        "gateway.edge.offload-threads", default: standard.offloadThreads, in: 1...256,
        "Those threads.")
    static let maxOffloaded = SettingKey(
        "gateway.edge.offload-queue", default: standard.maxOffloaded, in: 1...100_000,
        "Bodies that may wait for those threads; more are answered with 503.")
    static let maxSpools = SettingKey(
        "gateway.edge.spools", default: standard.maxSpools, in: 1...100_000,
        "Signed uploads that may lie on disk at once until their digest is verified; more are answered with 503.")
    static let maxSpoolBytes = SettingKey(
        "gateway.edge.spool-bytes", default: ByteCount(standard.maxSpoolBytes),
        in: ByteCount(1 << 20)...ByteCount(1 << 44),
        "Bytes that they may take together; more are answered with 503.")
    static let backlog = SettingKey(
        "gateway.edge.backlog", default: standard.backlog, in: 1...65_535,
        "Connections that the kernel holds before they are accepted.")
    static let strictTransportAge = SettingKey(
        "gateway.edge.strict-transport-age", default: standard.strictTransportAge,
        in: .zero...Duration.seconds(3 * 31_536_000),
        "How long browsers stay with TLS (HSTS); zero: not said.")
    static let logsRequests = SettingKey(
        "gateway.edge.log-requests", default: standard.logsRequests, "Whether each request leaves a line in the log.")
    static let spoolFolder = SettingKey(
        "gateway.edge.spool-folder", default: "",
        "Where signed uploads lie until their digest is verified. Empty: `spool` in `data.folder`.")
    static let origins = SettingKey<[String]>(
        "gateway.edge.cross-origins", default: [],
        "Origins whose pages may call (CORS), as `https://app.example.org`; `*` is any. None: nobody may.")
    static let originAge = SettingKey(
        "gateway.edge.cross-origin-age", default: standard.crossOrigin.maxAge, in: .zero...Duration.seconds(86_400),
        "How long a browser remembers whether it may.")

    static let declarations: [SettingDeclaration] = [
        maxHeaderBytes.declaration, maxHeaderCount.declaration, maxTargetLength.declaration,
        maxBodyBytes.declaration, maxUploadBytes.declaration, uploadPieceBytes.declaration,
        maxWaitingBytes.declaration, maxPipelinedRequests.declaration, headTimeout.declaration,
        requestTimeout.declaration, uploadTimeout.declaration, minimumBodyRate.declaration,
        bodyRateGrace.declaration, writeTimeout.declaration, idleTimeout.declaration, defaultCallTimeout.declaration,
        maxCallTimeout.declaration, maxStreamDuration.declaration, heartbeatInterval.declaration,
        denialTimeout.declaration,
        maxConnections.declaration, maxConnectionsPerAddress.declaration, maxRequestsInFlight.declaration,
        offloadBytes.declaration, offloadThreads.declaration, maxOffloaded.declaration, maxSpools.declaration,
        maxSpoolBytes.declaration, backlog.declaration, strictTransportAge.declaration, logsRequests.declaration,
        spoolFolder.declaration, origins.declaration, originAge.declaration,
    ]
}

extension EdgeConfiguration {
    /// Reads the settings.
    init(_ settings: Settings) {
        self.init()
        maxHeaderBytes = settings[EdgeSettings.maxHeaderBytes].bytes
        maxHeaderCount = settings[EdgeSettings.maxHeaderCount]
        maxTargetLength = settings[EdgeSettings.maxTargetLength].bytes
        maxBodyBytes = settings[EdgeSettings.maxBodyBytes].bytes
        maxUploadBytes = settings[EdgeSettings.maxUploadBytes].bytes
        uploadPieceBytes = settings[EdgeSettings.uploadPieceBytes].bytes
        maxWaitingBytes = settings[EdgeSettings.maxWaitingBytes].bytes
        maxPipelinedRequests = settings[EdgeSettings.maxPipelinedRequests]
        headTimeout = settings[EdgeSettings.headTimeout]
        requestTimeout = settings[EdgeSettings.requestTimeout]
        uploadTimeout = settings[EdgeSettings.uploadTimeout]
        minimumBodyRate = settings[EdgeSettings.minimumBodyRate]
        bodyRateGrace = settings[EdgeSettings.bodyRateGrace]
        writeTimeout = settings[EdgeSettings.writeTimeout]
        idleTimeout = settings[EdgeSettings.idleTimeout]
        defaultCallTimeout = settings[EdgeSettings.defaultCallTimeout]
        maxCallTimeout = settings[EdgeSettings.maxCallTimeout]
        maxStreamDuration = settings[EdgeSettings.maxStreamDuration]
        heartbeatInterval = settings[EdgeSettings.heartbeatInterval]
        denialTimeout = settings[EdgeSettings.denialTimeout]
        maxConnections = settings[EdgeSettings.maxConnections]
        maxConnectionsPerAddress = settings[EdgeSettings.maxConnectionsPerAddress]
        maxRequestsInFlight = settings[EdgeSettings.maxRequestsInFlight]
        offloadBytes = settings[EdgeSettings.offloadBytes].bytes
        offloadThreads = settings[EdgeSettings.offloadThreads]
        maxOffloaded = settings[EdgeSettings.maxOffloaded]
        maxSpools = settings[EdgeSettings.maxSpools]
        maxSpoolBytes = settings[EdgeSettings.maxSpoolBytes].bytes
        backlog = settings[EdgeSettings.backlog]
        strictTransportAge = settings[EdgeSettings.strictTransportAge]
        logsRequests = settings[EdgeSettings.logsRequests]
        let folder = settings[EdgeSettings.spoolFolder]
        spoolFolder = folder.isEmpty ? "\(settings[SuiteSettings.dataFolder])/spool" : folder
        crossOrigin.origins = Set(settings[EdgeSettings.origins])
        crossOrigin.maxAge = settings[EdgeSettings.originAge]
        drainGrace = settings[SuiteSettings.grace]
        trustedProxies = settings[GuardSettings.trustedProxies]
    }
}
