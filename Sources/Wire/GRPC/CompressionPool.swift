import Metrics
import NIOCore
import NIOPosix
import Synchronization

/// The threads that pack and unpack large messages, so that no event loop waits for them.
///
/// Messages of one stream keep their order: each waits for the one before. What cannot be queued is sent unpacked, or
/// refused where it arrived packed.
public final class CompressionPool: Sendable {
    /// One pool for the process, with a thread for each two cores.
    public static let shared = CompressionPool()

    /// The least that `inlineSize` can be.
    static let minInlineSize = 1000

    /// Bytes, packed or unpacked, up to which a message is packed and unpacked on its event loop: a hop costs more.
    public let inlineSize: Int
    private let maxQueued: Int
    private let threads: NIOThreadPool
    private let queued = Atomic<Int>(0)
    private let meters = Mutex<Meters?>(nil)

    /// Messages of all pools that wait or are worked at, and those that found a queue full.
    private struct Meters: Sendable {
        let queue = Meter(label: "grpc_compression_queue_messages")
        let refused = Counter(label: "grpc_compression_refused_total")
    }

    /// - Parameters:
    ///   - threads: Threads that pack and unpack; nil: one for each two cores.
    ///   - maxQueued: Messages that may wait for a thread, or be worked at.
    ///   - inlineSize: Bytes up to which a message is dealt with on its event loop; at least 1000.
    public init(threads: Int? = nil, maxQueued: Int = 1000, inlineSize: Int = 64 * 1024) {
        self.threads = NIOThreadPool(numberOfThreads: threads ?? max(1, System.coreCount / 2))
        self.maxQueued = maxQueued
        self.inlineSize = max(inlineSize, Self.minInlineSize)
        self.threads.start()
    }

    deinit { threads.shutdownGracefully { _ in } }

    /// Runs `work` on a thread of the pool, unless `job` was cancelled before; false if the queue is full.
    func run(_ job: CompressionJob, _ work: @escaping @Sendable (CompressionJob) -> Void) -> Bool {
        let meters = currentMeters()
        guard queued.add(1, ordering: .relaxed).newValue <= maxQueued else {
            queued.subtract(1, ordering: .relaxed)
            meters.refused.increment()
            return false
        }
        meters.queue.increment()
        threads.submit { _ in
            work(job)
            self.queued.subtract(1, ordering: .relaxed)
            meters.queue.decrement()
        }
        return true
    }

    /// Made with the first large message: configurations name the shared pool before swift-metrics is set up.
    private func currentMeters() -> Meters {
        meters.withLock { meters in
            if let meters { return meters }
            let new = Meters()
            meters = new
            return new
        }
    }

    /// Unpacks a message and hands the outcome to `completion` on the pool's thread; false if the queue is full.
    func unpack(
        _ bytes: [UInt8],
        limit: Int,
        job: CompressionJob,
        _ completion: @escaping @Sendable (Result<[UInt8], Gzip.Failure>) -> Void
    ) -> Bool {
        run(job) { job in
            completion(
                unsafe bytes.withUnsafeBytes { bytes in
                    do throws(Gzip.Failure) {
                        return .success(try unsafe Gzip.decompress(bytes, limit: limit) { job.isCancelled })
                    } catch {
                        return .failure(error)
                    }
                })
        }
    }

    /// The message packed, if it is too large to be packed on a loop; the message itself if it is not, if the queue is
    /// full, or if the task was cancelled.
    func packed(_ message: EncodedMessage) async -> EncodedMessage {
        guard mustPackHere(message) else { return message }
        let job = CompressionJob()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isQueued = pack(message, job: job) { continuation.resume(returning: $0) }
                if !isQueued { continuation.resume(returning: message) }
            }
        } onCancel: {
            job.cancel()
        }
    }

    func mustPackHere(_ message: EncodedMessage) -> Bool { message.count > inlineSize && !message.isPacked }

    /// Packs a message and hands it to `completion` on the pool's thread; false if the queue is full.
    func pack(
        _ message: EncodedMessage, job: CompressionJob, _ completion: @escaping @Sendable (EncodedMessage) -> Void
    ) -> Bool {
        run(job) { job in
            let content = unsafe message.withUnsafeBytes { unsafe Gzip.compress($0) { job.isCancelled } }
            completion(content.map { EncodedMessage(packed: $0) } ?? message)
        }
    }
}

/// One message on its way through the pool.
final class CompressionJob: Sendable {
    private let state = Atomic<Bool>(false)

    /// Nobody wants the outcome: work that has begun stops at its next chunk.
    func cancel() { state.store(true, ordering: .relaxed) }
    var isCancelled: Bool { state.load(ordering: .relaxed) }
}

extension EncodedMessage {
    /// A message that was packed already.
    init(packed bytes: [UInt8]) {
        self.init(bytes)
        unsafe storage.withUnsafeMutablePointerToElements { unsafe $0[0] = 1 }
    }

    /// Whether the bytes are packed, as the prefix says.
    var isPacked: Bool { unsafe withFrame { unsafe $0[0] == 1 } }
}
