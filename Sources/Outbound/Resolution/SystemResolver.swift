import Foundation
internal import Glibc
import Synchronization

/// `getaddrinfo` on threads that live as long as there are names to look up; equal names are looked up once.
///
/// A look-up cannot be cancelled: who no longer waits for it leaves it to its thread, of which there are few.
final class SystemResolver: Sendable {
    private typealias Answer = Result<[IPAddress], OutboundError>

    private struct State {
        var waiters: [String: [Int: CheckedContinuation<Answer, Never>]] = [:]
        var queue: [String] = []
        var cache: [String: (addresses: [IPAddress], expiry: ContinuousClock.Instant)] = [:]
        var threads = 0
        var lastWaiter = 0
    }

    private let state = Mutex(State())
    private let configuration: SystemResolverConfiguration

    init(_ configuration: SystemResolverConfiguration) { self.configuration = configuration }

    func cached(_ host: String) -> [IPAddress]? {
        state.withLock { state in
            guard let entry = state.cache[host], entry.expiry > .now else { return nil }
            return entry.addresses
        }
    }

    func resolve(_ host: String) async throws(OutboundError) -> [IPAddress] {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Answer, Never>) in
                wait(continuation, id: id, for: host)
            }
        } onCancel: {
            // If the wait has not begun, it finds its task cancelled.
            state.withLock { $0.waiters[host]?.removeValue(forKey: id) }?.resume(
                returning: .failure(.cancelledByCaller))
        }
        return try answer.get()
    }

    private func wait(_ continuation: CheckedContinuation<Answer, Never>, id: Int, for host: String) {
        enum Step { case refuse(OutboundError), startThread, wait }
        let step = state.withLock { state -> Step in
            if Task.isCancelled { return .refuse(.cancelledByCaller) }
            if state.waiters[host] == nil {
                guard state.queue.count < configuration.maximumQueued else {
                    return .refuse(OutboundError(.resolverFailed, "too many names wait to be looked up"))
                }
                state.queue.append(host)
                state.waiters[host] = [:]
            }
            state.waiters[host]?[id] = continuation
            guard !state.queue.isEmpty, state.threads < configuration.maximumThreads else { return .wait }
            state.threads += 1
            return .startThread
        }
        switch step {
        case .refuse(let error): continuation.resume(returning: .failure(error))
        case .startThread: Thread { self.work() }.start()
        case .wait: break
        }
    }

    private func work() {
        while let host = nextHost() {
            let answer = Self.lookUp(host)
            let waiters = state.withLock { state in
                if case .success(let addresses) = answer { remember(addresses, for: host, in: &state) }
                return state.waiters.removeValue(forKey: host)
            }
            waiters?.values.forEach { $0.resume(returning: answer) }
        }
    }

    private func nextHost() -> String? {
        state.withLock { state in
            guard state.queue.isEmpty else { return state.queue.removeFirst() }
            state.threads -= 1
            return nil
        }
    }

    private func remember(_ addresses: [IPAddress], for host: String, in state: inout State) {
        guard configuration.cacheTime > .zero, configuration.cacheSize > 0 else { return }
        if state.cache.count >= configuration.cacheSize {
            let now = ContinuousClock.now
            state.cache = state.cache.filter { $0.value.expiry > now }
            if state.cache.count >= configuration.cacheSize, let any = state.cache.keys.first {
                state.cache.removeValue(forKey: any)
            }
        }
        state.cache[host] = (addresses, .now + configuration.cacheTime)
    }

    private static func lookUp(_ host: String) -> Answer {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Only families of which this machine has an address.
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        var code = unsafe getaddrinfo(host, nil, &hints, &list)
        if code == EAI_NONAME {
            // A machine without any network has loopback addresses only, which AI_ADDRCONFIG does not count.
            unsafe hints.ai_flags = 0
            code = unsafe getaddrinfo(host, nil, &hints, &list)
        }
        defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
        guard code == 0 else {
            let reason: OutboundError.Reason = code == EAI_NONAME || code == -5 ? .nameNotFound : .resolverFailed
            return .failure(OutboundError(reason, unsafe String(cString: gai_strerror(code))))
        }
        var addresses: [IPAddress] = []
        var entry = unsafe list
        while let info = unsafe entry?.pointee {
            if let raw = unsafe info.ai_addr,
                let address = unsafe IPAddress(
                    socketAddress: UnsafeRawPointer(raw), family: info.ai_family, length: Int(info.ai_addrlen)),
                !addresses.contains(address)
            {
                addresses.append(address)
            }
            unsafe entry = info.ai_next
        }
        return .success(addresses)
    }
}
