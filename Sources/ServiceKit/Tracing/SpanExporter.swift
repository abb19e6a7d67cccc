import CoreMetrics
import Dispatch
import Logging
import NIOCore
import OpenTelemetryContract
import Synchronization
import Wire

/// Sends spans to a collector: one export at a time, by a task of its own, so that those who end spans only take a lock
/// for a moment, whatever the collector does.
final class SpanExporter: Sendable {
    typealias Client = Opentelemetry_Proto_Collector_Trace_V1_TraceService.Client
    typealias Batcher = SpanBatcher<FinishedSpan>

    private let configuration: TracingConfiguration
    private let resource: TelemetryResource
    private let channel: ClientChannel
    private let tls: ReloadingTLSContext?
    private let options: CallOptions
    private let metrics: ExportMetrics
    private let log: ExportLog
    private let batcher: Mutex<Batcher>
    /// Spans were added, or no more will be.
    private let added = Wakeup()
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(
        _ configuration: TracingConfiguration, resource: TelemetryResource, eventLoops: EventLoops,
        factory: any MetricsFactory, logger: Logger
    ) throws {
        self.configuration = configuration
        self.resource = resource
        tls =
            configuration.endpoint.isEncrypted
            ? try ReloadingTLSContext(configuration: configuration.tls, role: .client, logger: logger) : nil
        channel = Self.channel(configuration, tls, eventLoops, logger)
        options = Self.options(configuration)
        metrics = ExportMetrics(factory: factory)
        log = ExportLog(logger: logger, endpoint: configuration.endpoint)
        batcher = Mutex(Batcher(limits: Batcher.Limits(configuration)))
    }

    // MARK: Taking spans

    /// Queues a span, or drops and counts it; never waits for the network.
    func add(_ span: FinishedSpan) {
        switch batcher.withLock({ $0.add(span, size: span.size, now: Self.now) }) {
        case .queued(mustWake: true): added.wake()
        case .queued: break
        case .dropped(let reason): metrics.dropped(1, reason)
        }
    }

    /// Spans that wait, and their bytes.
    var load: (spans: Int, bytes: Int) { batcher.withLock { ($0.queued, $0.queuedBytes) } }

    private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    // MARK: Life

    /// Begins to send. Detached: what is sent is part of no trace, and has nobody's deadline.
    func start() {
        task.withLock { task in
            if task == nil { task = Task.detached { await self.run() } }
        }
    }

    /// Takes no more spans, sends what waits, and ends; what could not be sent in `shutdownTimeout` is dropped.
    func shutdown() async {
        batcher.withLock { $0.close() }
        added.wake()
        if let task = task.withLock({ $0 }) {
            let timer = Task.detached { [configuration] in
                try? await Task.sleep(for: configuration.shutdownTimeout)
                if !Task.isCancelled { task.cancel() }
            }
            await task.value
            timer.cancel()
        }
        metrics.dropped(batcher.withLock { $0.abandon() }, .shutdown)
        await channel.shutDown(grace: .zero)
    }

    private func run() async {
        // Certificates are renewed while the process runs.
        let watch = tls.map { tls in Task.detached { try? await tls.run() } }
        defer { watch?.cancel() }
        while !Task.isCancelled {
            let now = Self.now
            switch batcher.withLock({ $0.next(now: now) }) {
            case .send(let spans): await send(spans)
            case .wait(let time):
                await added.wait(for: time.map { .nanoseconds(Int64(clamping: $0 > now ? $0 - now : 0)) })
            case .finish: return
            }
        }
    }

    // MARK: Sending

    private func send(_ spans: [FinishedSpan]) async {
        let request = OTLPExport(spans, resource: resource)
        var retry = ExportRetry(configuration, now: Self.now)
        while true {
            do {
                let reply = try await Client(channel).export(request, options: options)
                return delivered(spans.count, reply)
            } catch {
                let error = error as? RPCError ?? RPCError(code: .unknown, message: "the export failed", cause: error)
                metrics.attempted(error.code)
                if Task.isCancelled { return metrics.dropped(spans.count, .shutdown) }
                switch retry.decide(after: error, now: Self.now, jitter: .random(in: 0...1)) {
                case .again(let wait):
                    log.failed(error, dropping: 0)
                    guard await pause(wait) else { return metrics.dropped(spans.count, .shutdown) }
                case .giveUp(let wait):
                    log.failed(error, dropping: spans.count)
                    metrics.dropped(spans.count, .failed)
                    _ = await pause(wait)
                    return
                }
            }
        }
    }

    private func delivered(_ count: Int, _ reply: Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceResponse) {
        metrics.attempted(.ok)
        let rejected = Int(clamping: min(max(reply.partialSuccess.rejectedSpans, 0), Int64(count)))
        metrics.exported(count - rejected)
        metrics.dropped(rejected, .rejected)
        log.delivered(rejected: rejected, message: reply.partialSuccess.errorMessage)
    }

    /// False if the task was cancelled meanwhile.
    private func pause(_ nanoseconds: UInt64) async -> Bool {
        guard nanoseconds > 0 else { return !Task.isCancelled }
        try? await Task.sleep(for: .nanoseconds(Int64(clamping: nanoseconds)))
        return !Task.isCancelled
    }

    // MARK: Setting up

    /// Bytes of a collector's answer, which says little.
    private static let maxResponseSize = 64 * 1024

    private static func channel(
        _ configuration: TracingConfiguration, _ tls: ReloadingTLSContext?, _ eventLoops: EventLoops, _ logger: Logger
    ) -> ClientChannel {
        var channel = ChannelConfiguration()
        // Its spans would make further spans.
        channel.isTraced = false
        channel.maxConnectionsPerAddress = 1
        channel.maxResponseMessageSize = maxResponseSize
        channel.connectTimeout = .nanoseconds(configuration.exportTimeout.nanoseconds)
        channel.initialBackoff = .nanoseconds(configuration.initialBackoff.nanoseconds)
        channel.maxBackoff = .nanoseconds(configuration.maxBackoff.nanoseconds)
        if configuration.isCompressed { channel.compression = .gzip }
        let endpoint = configuration.endpoint
        return ClientChannel(
            .dns(host: endpoint.host, port: endpoint.port),
            tls: tls,
            serverName: configuration.tls.serverName,
            configuration: channel,
            eventLoops: eventLoops,
            logger: logger
        )
    }

    private static func options(_ configuration: TracingConfiguration) -> CallOptions {
        var options = CallOptions(timeout: .nanoseconds(configuration.exportTimeout.nanoseconds))
        for header in configuration.headers { options.metadata.add(header.name, header.value) }
        return options
    }
}

extension SpanBatcher.Limits {
    init(_ configuration: TracingConfiguration) {
        self.init(
            maxQueued: configuration.maxQueuedSpans,
            maxQueuedBytes: configuration.maxQueuedBytes,
            maxBatch: max(1, configuration.maxBatchSpans),
            maxBatchBytes: configuration.maxBatchBytes,
            delay: UInt64(max(0, configuration.batchDelay.nanoseconds))
        )
    }
}
