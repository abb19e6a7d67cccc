import CNghttp2
import NIOCore

/// One HTTP/2 stream, confined to its connection's event loop: what both servers' calls and clients' calls are made of.
///
/// nghttp2's callbacks only record into it; `process` is called after nghttp2 has returned.
//
// Unchecked: all state is touched on the loop only, but for what a subclass guards by itself.
@safe
public class HTTP2Stream: TimerEntry, @unchecked Sendable {
    /// What has arrived since `process` was last called.
    struct Events: OptionSet {
        var rawValue: UInt8
        static let headers = Events(rawValue: 1)
        static let data = Events(rawValue: 2)
        static let end = Events(rawValue: 4)
        static let informational = Events(rawValue: 8)
    }

    /// Memory that a recycled stream keeps for its next use.
    static let keptBuffer = 4096

    /// The connection while the stream is open. Not counted: a connection holds itself while it has open streams.
    @exclusivity(unchecked) final var openOn: Unmanaged<HTTP2Connection>?
    final var connection: HTTP2Connection? { unsafe openOn?.takeUnretainedValue() }
    package final let context: LoopContext
    @safe @exclusivity(unchecked) final var id: Int32 = 0

    // Intrusive list of the connection's open streams, which holds one reference to each.
    @exclusivity(unchecked) final unowned(unsafe) var previousOpen: HTTP2Stream?
    @exclusivity(unchecked) final unowned(unsafe) var nextOpen: HTTP2Stream?

    // MARK: Received

    @safe @exclusivity(unchecked) final var headers = HeaderBlock()
    @safe @exclusivity(unchecked) final var trailers = HeaderBlock()
    @safe @exclusivity(unchecked) final var inbound = ByteQueue()
    @safe @exclusivity(unchecked) final var events: Events = []
    @safe @exclusivity(unchecked) final var isPending = false
    @safe @exclusivity(unchecked) final var isReceivingTrailers = false
    @safe @exclusivity(unchecked) final var headersAreTooLarge = false
    /// Size of the fields beyond the limit, which are not kept.
    @safe @exclusivity(unchecked) final var surplusHeaders = 0
    @safe @exclusivity(unchecked) final var headersAreComplete = false
    @safe @exclusivity(unchecked) final var inboundEnded = false
    /// Bytes received that have not gone back to the peer's windows.
    @safe @exclusivity(unchecked) final var uncredited = 0
    /// Bytes of a message in part that the connection counts against its limit.
    @safe @exclusivity(unchecked) final var gathered = 0
    /// Of those, bytes that went back to the connection's window, and not yet to the stream's.
    @safe @exclusivity(unchecked) final var heldBack = 0
    /// The rest of the message may not come before others have been used.
    @safe @exclusivity(unchecked) final var isHeldBack = false

    // MARK: To be sent

    @safe @exclusivity(unchecked) final var outbound = ByteQueue()
    /// No more bytes will be added to `outbound`.
    @safe @exclusivity(unchecked) final var outboundEnded = false
    /// nghttp2 asked for bytes when there were none, and must be told when there are.
    @safe @exclusivity(unchecked) final var isDeferred = false
    @safe @exclusivity(unchecked) final var hasDataSource = false
    /// Whether the end of the data is followed by trailers.
    @safe @exclusivity(unchecked) final var endsWithTrailers = false
    /// Set when a writer waits for `outbound` to fall to half its limit.
    @safe @exclusivity(unchecked) final var isWriterWaiting = false
    /// Bytes that the peer has taken since a look last found progress.
    @safe @exclusivity(unchecked) final var takenSinceProgress = 0
    /// When a look last found progress, or nothing waiting.
    @safe @exclusivity(unchecked) final var lastProgress = NIODeadline.uptimeNanoseconds(0)

    // MARK: Ended

    @safe @exclusivity(unchecked) final var isClosed = false
    /// Why nghttp2 closed the stream, until it is told; nil if both sides ended it.
    @safe @exclusivity(unchecked) final var closeError: HTTP2Error?
    @safe @exclusivity(unchecked) final var hasCloseError = false
    /// The code that this side reset the stream with.
    @safe @exclusivity(unchecked) final var localReset: HTTP2ErrorCode?
    /// The request's HEADERS have left nghttp2 (client).
    @safe @exclusivity(unchecked) final var wasSent = false
    /// nghttp2 could not send the request's HEADERS, as the peer is going away (client).
    @safe @exclusivity(unchecked) final var wasNotSent = false

    init(context: LoopContext) {
        self.context = context
        unsafe previousOpen = nil
        unsafe nextOpen = nil
    }

    final var maxBufferedOutput: Int { connection?.configuration.maxBufferedOutput ?? 0 }

    // MARK: For subclasses

    /// Takes a header field instead of having it kept; called inside nghttp2, to record only.
    func takeField(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool { false }

    /// Reacts to what has arrived; called on the loop, outside nghttp2.
    func process(_ events: Events) {}

    /// `isHeldBack` has changed.
    func heldBackChanged() {}

    /// The stream has ended; `error` is nil if both sides ended it. Called once, on the loop, outside nghttp2.
    func closed(_ error: HTTP2Error?) {}

    /// Bytes waiting for the peer have become fewer; a waiting writer may go on.
    func outputDrained() {}

    /// The trailing fields where they are constant; nil if `buildTrailers` has to make them.
    var constantTrailers: StaticHeaderBlock? { nil }

    /// Called inside nghttp2 at the end of the data: adds the trailing fields to `builder`.
    func buildTrailers(_ builder: HeaderBlockBuilder) {}

    /// Keeps the object for another call. Called after `closed`, when nothing else refers to it.
    func recycle() {}

    /// Makes the object as new. Called when nothing else refers to it.
    func prepareForReuse() {
        unsafe openOn = nil
        id = 0
        headers.clear()
        trailers.clear()
        inbound.clear(keeping: Self.keptBuffer)
        outbound.clear(keeping: Self.keptBuffer)
        events = []
        isPending = false
        isReceivingTrailers = false
        headersAreTooLarge = false
        surplusHeaders = 0
        headersAreComplete = false
        inboundEnded = false
        uncredited = 0
        gathered = 0
        heldBack = 0
        isHeldBack = false
        outboundEnded = false
        isDeferred = false
        hasDataSource = false
        endsWithTrailers = false
        isWriterWaiting = false
        takenSinceProgress = 0
        isClosed = false
        if hasCloseError {
            hasCloseError = false
            closeError = nil
        }
        localReset = nil
        wasSent = false
        wasNotSent = false
    }

    // MARK: On the loop

    /// Gives `count` received bytes back to the peer's windows.
    final func credit(_ count: Int) {
        let count = min(count, uncredited)
        guard count > 0, let openOn = unsafe openOn else { return }
        uncredited -= count
        unsafe openOn._withUnsafeGuaranteedRef { $0.credit(self, count) }
    }

    /// Tells nghttp2 that `outbound` or its end has changed.
    final func outputAdded() {
        guard let openOn = unsafe openOn else { return }
        unsafe openOn._withUnsafeGuaranteedRef { connection in
            if isDeferred {
                isDeferred = false
                connection.resume(self)
            }
            context.markDirty(connection)
        }
    }

    /// Ends the stream at once in both directions.
    final func reset(_ code: HTTP2ErrorCode) {
        guard !isClosed, let connection else { return }
        connection.reset(self, code)
    }
}
