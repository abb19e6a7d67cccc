public import ServiceKit

/// The edge's settings: one for each bound of `EdgeConfiguration` that an operator may have a reason to change.
public enum EdgeSettings {
    private static let limits = 1...1_000_000_000

    /// `gateway.max-header-size`
    public static let headerSize = SettingKey(
        "gateway.max-header-size", default: ByteCount(16 << 10), in: ByteCount(1 << 10)...ByteCount(1 << 20),
        "All header fields of a request together; more is answered with 431.")
    /// `gateway.max-header-count`
    public static let headerCount = SettingKey(
        "gateway.max-header-count", default: 100, in: 10...1_000,
        "Header fields of a request; more is answered with 431.")
    /// `gateway.max-target-size`
    public static let targetSize = SettingKey(
        "gateway.max-target-size", default: ByteCount(8 << 10), in: ByteCount(256)...ByteCount(1 << 20),
        "A request's path and query; more is answered with 414.")
    /// `gateway.max-body-size`
    public static let bodySize = SettingKey(
        "gateway.max-body-size", default: ByteCount(4 << 20), in: ByteCount(1 << 10)...ByteCount(64 << 20),
        "A body that becomes one message; more is answered with 413.")
    /// `gateway.max-upload-size`
    public static let uploadSize = SettingKey(
        "gateway.max-upload-size", default: ByteCount(1 << 30), in: ByteCount(1 << 10)...ByteCount(1 << 40),
        "A body that is sent on in pieces; more is answered with 413.")
    /// `gateway.upload-piece-size`
    public static let uploadPiece = SettingKey(
        "gateway.upload-piece-size", default: ByteCount(64 << 10), in: ByteCount(1 << 10)...ByteCount(1 << 20),
        "One piece of an upload, as the service gets it.")
    /// `gateway.max-waiting-size`
    public static let waitingSize = SettingKey(
        "gateway.max-waiting-size", default: ByteCount(256 << 10), in: ByteCount(16 << 10)...ByteCount(64 << 20),
        "Bytes of a body that wait to be taken before no more are read.")
    /// `gateway.max-pipelined-requests`
    public static let pipelined = SettingKey(
        "gateway.max-pipelined-requests", default: 16, in: 1...1_000,
        "Requests of one HTTP/1.1 connection that wait for the one before them before no more are read.")
    /// `gateway.head-timeout`
    public static let headTimeout = SettingKey(
        "gateway.head-timeout", default: Duration.seconds(10), in: Duration.milliseconds(100)...Duration.seconds(600),
        "From a request's first byte to the end of its head; later is answered with 408.")
    /// `gateway.request-timeout`
    public static let requestTimeout = SettingKey(
        "gateway.request-timeout", default: Duration.seconds(60), in: Duration.milliseconds(100)...Duration.seconds(3_600),
        "From a request's head to the end of its body; later is answered with 408.")
    /// `gateway.upload-timeout`
    public static let uploadTimeout = SettingKey(
        "gateway.upload-timeout", default: Duration.seconds(3_600), in: Duration.seconds(1)...Duration.seconds(86_400),
        "The same for bodies that are sent on in pieces.")
    /// `gateway.minimum-body-rate`
    public static let bodyRate = SettingKey(
        "gateway.minimum-body-rate", default: ByteCount(256), in: ByteCount(0)...ByteCount(1 << 30),
        "Bytes a second of a body, on average; slower is answered with 408.")
    /// `gateway.body-rate-grace`
    public static let bodyRateGrace = SettingKey(
        "gateway.body-rate-grace", default: Duration.seconds(5), in: Duration.zero...Duration.seconds(600),
        "From a request's head until its rate is looked at.")
    /// `gateway.write-timeout`
    public static let writeTimeout = SettingKey(
        "gateway.write-timeout", default: Duration.seconds(30), in: Duration.milliseconds(100)...Duration.seconds(3_600),
        "The longest that a client may take nothing of an answer that waits for it; then it is cut off.")
    /// `gateway.idle-timeout`
    public static let idleTimeout = SettingKey(
        "gateway.idle-timeout", default: Duration.seconds(75), in: Duration.seconds(1)...Duration.seconds(86_400),
        "Between two requests of an HTTP/1.1 connection.")
    /// `gateway.call-timeout`
    public static let callTimeout = SettingKey(
        "gateway.call-timeout", default: Duration.seconds(30), in: Duration.milliseconds(1)...Duration.seconds(3_600),
        "The time that a call may take if its caller names none.")
    /// `gateway.max-call-timeout`
    public static let maxCallTimeout = SettingKey(
        "gateway.max-call-timeout", default: Duration.seconds(300), in: Duration.milliseconds(1)...Duration.seconds(3_600),
        "The longest that a caller may ask for.")
    /// `gateway.max-stream-duration`
    public static let streamDuration = SettingKey(
        "gateway.max-stream-duration", default: Duration.seconds(3_600), in: Duration.seconds(1)...Duration.seconds(86_400),
        "The longest that a stream lasts, upload or download.")
    /// `gateway.heartbeat-interval`
    public static let heartbeat = SettingKey(
        "gateway.heartbeat-interval", default: Duration.seconds(15), in: Duration.milliseconds(100)...Duration.seconds(600),
        "Between two signs of life of a stream that has nothing to say.")
    /// `gateway.max-connections`
    public static let connections = SettingKey(
        "gateway.max-connections", default: 20_000, in: limits, "Connections in all.")
    /// `gateway.max-connections-per-address`
    public static let connectionsPerAddress = SettingKey(
        "gateway.max-connections-per-address", default: 1_000, in: limits, "Connections from one address.")
    /// `gateway.max-requests-in-flight`
    public static let inFlight = SettingKey(
        "gateway.max-requests-in-flight", default: 10_000, in: limits,
        "Requests that are served at once; more are answered with 503.")
    /// `gateway.offload-size`
    public static let offloadSize = SettingKey(
        "gateway.offload-size", default: ByteCount(128 << 10), in: ByteCount(1 << 10)...ByteCount(64 << 20),
        "Larger bodies are turned into messages, and hashed, on threads of their own.")
    /// `gateway.offload-threads`
    public static let offloadThreads = SettingKey(
        "gateway.offload-threads", default: 2, in: 1...256, "Those threads.")
    /// `gateway.max-offloaded`
    public static let offloaded = SettingKey(
        "gateway.max-offloaded", default: 256, in: 1...100_000,
        "Bodies that may wait for those threads; more are answered with 503.")
    /// `gateway.spool-folder`
    public static let spoolFolder = SettingKey(
        "gateway.spool-folder", default: "",
        "Where signed uploads lie until their digest is verified, in files without names. Empty: `data.folder`.")
    /// `gateway.max-spools`
    public static let spools = SettingKey(
        "gateway.max-spools", default: 64, in: 1...100_000,
        "Signed uploads that may lie there at once; more are answered with 503.")
    /// `gateway.max-spool-size`
    public static let spoolSize = SettingKey(
        "gateway.max-spool-size", default: ByteCount(4 << 30), in: ByteCount(1 << 20)...ByteCount(1 << 44),
        "What they may take together; more are answered with 503.")
    /// `gateway.cors.origins`
    public static let origins = SettingKey(
        "gateway.cors.origins", default: [String](),
        "Origins whose pages may call, as `https://app.example.org`; `*`: any; empty: none.")
    /// `gateway.trusted-proxies`
    public static let proxies = SettingKey(
        "gateway.trusted-proxies", default: [String](),
        "Addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.")
    /// `gateway.access-log`
    public static let accessLog = SettingKey(
        "gateway.access-log", default: true, "Whether each request leaves a line in the log.")
    /// `gateway.strict-transport-age`
    public static let strictTransport = SettingKey(
        "gateway.strict-transport-age", default: Duration.seconds(31_536_000), in: Duration.zero...Duration.seconds(126_144_000),
        "How long browsers that have seen the edge over TLS stay with it; 0: not said.")

    /// All of them.
    public static let declarations: [SettingDeclaration] = [
        headerSize.declaration, headerCount.declaration, targetSize.declaration, bodySize.declaration,
        uploadSize.declaration, uploadPiece.declaration, waitingSize.declaration, pipelined.declaration,
        headTimeout.declaration, requestTimeout.declaration, uploadTimeout.declaration, bodyRate.declaration,
        bodyRateGrace.declaration, writeTimeout.declaration, idleTimeout.declaration, callTimeout.declaration,
        maxCallTimeout.declaration, streamDuration.declaration, heartbeat.declaration, connections.declaration,
        connectionsPerAddress.declaration, inFlight.declaration, offloadSize.declaration, offloadThreads.declaration,
        offloaded.declaration, spoolFolder.declaration, spools.declaration, spoolSize.declaration,
        origins.declaration, proxies.declaration, accessLog.declaration, strictTransport.declaration,
    ]
}

extension EdgeConfiguration {
    /// What the settings of a process say.
    public init(_ settings: Settings) {
        self.init()
        maxHeaderBytes = settings[EdgeSettings.headerSize].bytes
        maxHeaderCount = settings[EdgeSettings.headerCount]
        maxTargetLength = settings[EdgeSettings.targetSize].bytes
        maxBodyBytes = settings[EdgeSettings.bodySize].bytes
        maxUploadBytes = settings[EdgeSettings.uploadSize].bytes
        uploadPieceBytes = settings[EdgeSettings.uploadPiece].bytes
        maxWaitingBytes = settings[EdgeSettings.waitingSize].bytes
        maxPipelinedRequests = settings[EdgeSettings.pipelined]
        headTimeout = settings[EdgeSettings.headTimeout]
        requestTimeout = settings[EdgeSettings.requestTimeout]
        uploadTimeout = settings[EdgeSettings.uploadTimeout]
        minimumBodyRate = settings[EdgeSettings.bodyRate].bytes
        bodyRateGrace = settings[EdgeSettings.bodyRateGrace]
        writeTimeout = settings[EdgeSettings.writeTimeout]
        idleTimeout = settings[EdgeSettings.idleTimeout]
        defaultCallTimeout = settings[EdgeSettings.callTimeout]
        maxCallTimeout = settings[EdgeSettings.maxCallTimeout]
        maxStreamDuration = settings[EdgeSettings.streamDuration]
        heartbeatInterval = settings[EdgeSettings.heartbeat]
        drainGrace = settings[SuiteSettings.grace]
        maxConnections = settings[EdgeSettings.connections]
        maxConnectionsPerAddress = settings[EdgeSettings.connectionsPerAddress]
        maxRequestsInFlight = settings[EdgeSettings.inFlight]
        offloadBytes = settings[EdgeSettings.offloadSize].bytes
        offloadThreads = settings[EdgeSettings.offloadThreads]
        maxOffloaded = settings[EdgeSettings.offloaded]
        let folder = settings[EdgeSettings.spoolFolder]
        spoolFolder = folder.isEmpty ? settings[SuiteSettings.dataFolder] : folder
        maxSpools = settings[EdgeSettings.spools]
        maxSpoolBytes = settings[EdgeSettings.spoolSize].bytes
        crossOrigin.origins = Set(settings[EdgeSettings.origins])
        trustedProxies = Set(settings[EdgeSettings.proxies])
        logsRequests = settings[EdgeSettings.accessLog]
        strictTransportAge = settings[EdgeSettings.strictTransport]
    }
}
