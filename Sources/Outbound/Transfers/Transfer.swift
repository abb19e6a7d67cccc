internal import CCurl

/// One request to one address, with the libcurl handle that carries it.
//
// Unchecked: the plan is immutable; the rest is touched by the loop's thread only, to which the mailbox hands it.
@safe
final class Transfer: @unchecked Sendable {
    let exchange: Exchange
    let request: OutboundRequest
    let addresses: [IPAddress]
    let timeouts: OutboundTimeouts
    let limits: OutboundLimits
    let tls: OutboundTLS
    /// When all of the request must be over.
    let deadline: ContinuousClock.Instant
    let submitted: ContinuousClock.Instant
    let resolved: Duration

    var easy: UnsafeMutableRawPointer?
    var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
    var upload: (any UploadSource)?
    var head: HeadReader
    /// Why a callback told libcurl to stop; tells more than libcurl's own code.
    var failure: OutboundError?
    var cookiesSent: Set<String> = []

    var addressGuard: AddressGuard
    var refusal: (address: IPAddress, verdict: AddressGuard.Verdict)?
    /// Descriptors that were given to libcurl for this transfer.
    var opened: [Int32] = []
    var sockets: OpenSockets?

    var started: ContinuousClock.Instant?
    var bodyBytes = 0
    var sentBytes: Int64 = 0
    var isPaused = false
    var waitsForUpload = false
    /// Whether all of the request has been given to libcurl.
    var isSent: Bool { upload == nil || uploadIsOver || sentBytes == upload?.length }
    var uploadIsOver = false
    var progress: Progress

    /// What the idle bound looks at.
    struct Progress {
        var since: ContinuousClock.Instant
        /// Bytes in both directions at `since`.
        var bytes: Int64 = 0
    }

    init(
        exchange: Exchange, request: OutboundRequest, addresses: [IPAddress], configuration: OutboundConfiguration,
        deadline: ContinuousClock.Instant, resolved: Duration
    ) {
        self.exchange = exchange
        self.request = request
        self.addresses = addresses
        timeouts = request.timeouts ?? configuration.timeouts
        limits = request.limits ?? configuration.limits
        tls = request.tls ?? configuration.tls
        self.deadline = deadline
        self.resolved = resolved
        submitted = .now
        addressGuard = configuration.addressGuard
        head = HeadReader(maximumCount: limits.headerCount, maximumBytes: limits.headerBytes)
        progress = Progress(since: submitted)
    }

    var id: Int { exchange.id }
    var totalBytes: Int64 { Int64(bodyBytes) + sentBytes }

    func fail(_ reason: OutboundError.Reason, _ message: String) {
        if failure == nil { failure = OutboundError(reason, message) }
    }

    func freeLists() {
        for index in unsafe lists.indices { unsafe curl_slist_free_all(lists[index]) }
        unsafe lists = unsafe []
    }

    /// The bound that has passed, if one has. Called now and then by the loop.
    func overdue(at now: ContinuousClock.Instant) -> OutboundError? {
        if now >= deadline { return OutboundError(.totalTimeout, "not done within \(timeouts.total)") }
        guard let started else { return nil }
        if !head.isComplete, isOnConnection, isSent, now - started >= timeouts.headers {
            return OutboundError(.headersTimeout, "no response within \(timeouts.headers)")
        }
        // Whoever waits for the caller is not idle.
        if isPaused || waitsForUpload || !isOnConnection {
            progress = Progress(since: now, bytes: totalBytes)
            return nil
        }
        let moved = totalBytes - progress.bytes
        guard now - progress.since >= timeouts.idle else {
            if limits.minimumBytesPerSecond == 0, moved > 0 { progress = Progress(since: now, bytes: totalBytes) }
            return nil
        }
        let seconds = timeouts.idle / .seconds(1)
        guard moved > 0, Double(moved) >= Double(limits.minimumBytesPerSecond) * seconds else {
            return OutboundError(.idleTimeout, "\(moved) bytes within \(timeouts.idle)")
        }
        progress = Progress(since: now, bytes: totalBytes)
        return nil
    }

    /// Whether the request is on a connection: before that, the bound of connecting holds.
    private var isOnConnection: Bool {
        if hasConnection { return true }
        guard let easy = unsafe easy else { return false }
        var pretransfer: curl_off_t = 0
        unsafe outbound_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer)
        guard pretransfer > 0 else { return false }
        hasConnection = true
        // The response's head is waited for from here on.
        started = .now
        progress = Progress(since: .now, bytes: totalBytes)
        return true
    }
    private var hasConnection = false
}
