internal import CCurl
import Foundation
import Logging
import Synchronization

/// Owns libcurl's multi handle and the one thread that uses it.
//
// Unchecked: all but the mailbox is touched by that thread only.
@safe
final class TransferLoop: @unchecked Sendable {
    private let configuration: OutboundConfiguration
    private let mailbox: Mailbox
    private let metrics: OutboundMetrics
    private let logger: Logger
    private let multi: UnsafeMutableRawPointer

    private let sockets: OpenSockets
    private var active: [Int: Transfer] = [:]
    private var waiting = WaitingTransfers()
    private var names = NameEntries()
    private var idleHandles: [UnsafeMutableRawPointer] = unsafe []
    /// When overdue transfers are looked for next.
    private var nextCheck = ContinuousClock.now

    private static let maximumIdleHandles = 64
    /// The grain of all bounds in time.
    private static let checkInterval: Duration = .milliseconds(50)

    // Once in the process, before any other use of the library.
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(
        _ configuration: OutboundConfiguration, mailbox: Mailbox, metrics: OutboundMetrics, logger: Logger
    ) throws(OutboundError) {
        guard Self.isReady, let multi = unsafe curl_multi_init() else {
            throw OutboundError(.unexpected, "libcurl does not start")
        }
        unsafe self.multi = unsafe multi
        self.configuration = configuration
        self.mailbox = mailbox
        self.metrics = metrics
        self.logger = logger
        sockets = OpenSockets(metrics)
        let bounds = configuration.connections
        for (option, value) in [
            (CURLMOPT_MAX_HOST_CONNECTIONS, bounds.maximumPerHost),
            (CURLMOPT_MAX_TOTAL_CONNECTIONS, bounds.maximumTotal),
            (CURLMOPT_MAXCONNECTS, bounds.maximumIdle),
            (CURLMOPT_MAX_CONCURRENT_STREAMS, bounds.maximumStreams),
            (CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX),
        ] {
            unsafe outbound_multi_set_long(multi, option, value)
        }
        mailbox.connect { [self] in _ = unsafe curl_multi_wakeup(self.multi) }
    }

    /// Starts the thread; `ended` is called as its last act.
    func start(_ ended: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            run()
            ended()
        }
        thread.name = "outbound"
        thread.start()
    }

    private func run() {
        while true {
            let (commands, isClosed) = mailbox.take()
            commands.forEach(obey)
            startWaiting()
            var running: Int32 = 0
            unsafe curl_multi_perform(multi, &running)
            reap()
            giveUpOverdue()
            metrics.record(active: active.count, queued: waiting.count)
            if isClosed, active.isEmpty, waiting.isEmpty { break }
            if !waiting.isEmpty, active.count < configuration.connections.maximumActive { continue }
            let milliseconds = active.isEmpty && waiting.isEmpty ? 60_000 : Self.checkInterval.wholeMilliseconds
            unsafe curl_multi_poll(multi, nil, 0, Int32(milliseconds), nil)
        }
        mailbox.connect(nil)
        for index in unsafe idleHandles.indices { unsafe curl_easy_cleanup(idleHandles[index]) }
        unsafe curl_multi_cleanup(multi)
        sockets.checkAll()
    }

    private func obey(_ command: LoopCommand) {
        switch command {
        case .start(let transfer): waiting.append(transfer)
        case .cancel(let id):
            if let transfer = waiting.remove(id) {
                end(transfer, OutboundError.cancelledByCaller)
            } else if let transfer = active[id] {
                end(transfer, OutboundError.cancelledByCaller)
            }
        case .endAll:
            let left = Array(active.values) + waiting.removeAll { _ in true }
            left.forEach { end($0, OutboundError(.shutDown, "the client is shut down")) }
        case .resumeBody(let id):
            guard let transfer = active[id] else { return }
            transfer.isPaused = false
            unpause(transfer)
        case .resumeUpload(let id):
            guard let transfer = active[id] else { return }
            transfer.waitsForUpload = false
            unpause(transfer)
        }
    }

    private func unpause(_ transfer: Transfer) {
        guard let easy = unsafe transfer.easy else { return }
        // Both directions: one whose other side still waits is paused again by its callback.
        unsafe curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    private func startWaiting() {
        while active.count < configuration.connections.maximumActive, let transfer = waiting.takeFirst() {
            guard let easy = unsafe idleHandles.popLast() ?? curl_easy_init() else {
                end(transfer, OutboundError(.unexpected, "no memory for a transfer"))
                continue
            }
            do throws(OutboundError) {
                let dialled = transfer.dialled(configuration.proxy)
                let stale = names.enter(dialled, hasAddresses: !transfer.addresses.isEmpty)
                active[transfer.id] = transfer
                try unsafe transfer.configure(easy, configuration, sockets: sockets, stale: stale)
                let code = unsafe curl_multi_add_handle(multi, easy)
                guard code == CURLM_OK else {
                    throw OutboundError(.unexpected, "libcurl refuses a transfer: \(code.rawValue)")
                }
                transfer.started = .now
                transfer.progress.since = .now
                startUpload(transfer)
            } catch {
                end(transfer, error)
            }
        }
    }

    private func startUpload(_ transfer: Transfer) {
        guard case .stream(_, let chunks) = transfer.request.body, let upload = transfer.upload as? StreamUpload else {
            return
        }
        upload.start(chunks) { [mailbox, id = transfer.id] in mailbox.post(.resumeUpload(id)) }
    }

    private func reap() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard let easy = unsafe outbound_done_handle(message) else { continue }
            let code = unsafe outbound_done_code(message)
            var context: UnsafeMutableRawPointer?
            guard unsafe outbound_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK,
                let transfer = active[Int(bitPattern: context)]
            else { continue }
            end(transfer, code == CURLE_OK ? nil : transfer.error(for: code))
        }
    }

    private func giveUpOverdue() {
        let now = ContinuousClock.now
        guard now >= nextCheck else { return }
        nextCheck = now + Self.checkInterval
        for transfer in active.values {
            if let error = transfer.overdue(at: now) { end(transfer, error) }
        }
        for transfer in waiting.removeAll(where: { $0.overdue(at: now) != nil }) {
            end(transfer, OutboundError(.totalTimeout, "not begun within \(transfer.timeouts.total)"))
        }
    }

    /// Takes a transfer out, whatever its state, and tells its caller.
    private func end(_ transfer: Transfer, _ error: OutboundError?) {
        if active.removeValue(forKey: transfer.id) != nil {
            names.leave(transfer.dialled(configuration.proxy), hasAddresses: !transfer.addresses.isEmpty)
        }
        if let easy = unsafe transfer.easy {
            unsafe transfer.easy = nil
            unsafe curl_multi_remove_handle(multi, easy)
            if !transfer.opened.isEmpty { sockets.check(transfer.opened) }
            unsafe put(away: easy, isClean: transfer.request.cookies == nil)
        }
        transfer.freeLists()
        transfer.upload?.close()
        metrics.ended(sent: transfer.sentBytes, received: transfer.bodyBytes)
        if let (address, verdict) = transfer.refusal, error?.reason != .cancelled { report(address, verdict, transfer) }
        // Before the caller learns of it, so that its next request finds room.
        mailbox.ended()
        let failure = error?.at(transfer.request.url, idempotent: transfer.request.isIdempotent)
        transfer.exchange.finish(failure.map { .failure($0) } ?? .success(()))
    }

    /// Keeps a handle for the next transfer: making one costs more than a small request. Cookies would stay in it.
    private func put(away easy: UnsafeMutableRawPointer, isClean: Bool) {
        guard isClean, unsafe idleHandles.count < Self.maximumIdleHandles else { return unsafe curl_easy_cleanup(easy) }
        unsafe curl_easy_reset(easy)
        unsafe idleHandles.append(easy)
    }

    private func report(_ address: IPAddress, _ verdict: AddressGuard.Verdict, _ transfer: Transfer) {
        metrics.refused(verdict)
        logger.notice(
            "outbound connection refused",
            metadata: [
                "address": "\(address)", "why": "\(verdict.explanation)", "url": "\(transfer.request.url.masked)",
            ])
    }
}
