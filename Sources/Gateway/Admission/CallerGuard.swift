import Metrics
import Policy
import PolicyModel
public import ServiceKit
public import ServiceLifecycle
import Synchronization
public import Wire

/// The edge's guard: recognizes callers from memory, holds signatures against requests, and keeps budgets.
///
/// Nothing here suspends but for Redis, for a signature whose maker's clock is ahead, and for a key that is not known.
public final class CallerGuard: RequestGuard {
    /// The parts that it is made of.
    struct Parts: Sendable {
        var recognition: CallerRecognition
        var nonces: any NonceStore
        var limits: any RateLimiter
        /// Of source addresses: always kept here, so that a flood of strangers is no flood on Redis.
        var addresses: LocalLimiter
        /// Of refusals that services are to record.
        var denials = LocalLimiter(GuardConfiguration().denials)
        var principals: PrincipalMint
        var usage: KeyUsageReporter
        /// Pauses after which an unknown key is looked for again.
        var newKeyLooks: [Duration] = []
        /// Milliseconds since 1970.
        var now: @Sendable () -> Int64 = WallClock.now
    }

    /// What a refused request takes of its address's budget, or of its caller's where that is known.
    private static let refusalCost = 1

    /// Requests with unknown keys that may wait at a time; more are refused at once.
    private static let maximumNewcomers = 1_000

    let parts: Parts
    /// The limits where they are this gateway's own: nothing has to be waited for then.
    private let localLimits: LocalLimiter?
    private let newcomers = Atomic(0)
    private let unrecorded = Counter(label: "datavault_gateway_denials_total", dimensions: [("kind", "beyond_limit")])
    /// Work beside requests: the stream of credentials, keys and their use, Redis.
    public let services: [any Service]
    /// What the edge cannot work without.
    public let checks: [ReadinessCheck]

    init(_ parts: Parts, services: [any Service] = [], checks: [ReadinessCheck] = []) {
        (self.parts, self.services, self.checks) = (parts, services, checks)
        localLimits = parts.limits as? LocalLimiter
    }

    public func admit(_ head: RequestSummary, to method: AdmittedMethod) async throws(RPCError) -> any Admission {
        // Nothing outside may call what only roles call, nor learn that it is there.
        guard method.access != .internal else { throw GuardErrors.notRouted }
        let now = parts.now()
        let identified: (CredentialStore.Recognized, SignedRequest?)?
        var exhausted: LimitDecision.State?
        do throws(CallerRecognition.Refusal) {
            identified = try look(head, now, &exhausted)
        } catch {
            identified = try await lookAgain(head, now, error, exhausted)
        }
        guard let identified else {
            guard method.access == .public else { throw refused(GuardErrors.missing, head) }
            return try admitUnknown(head, cost: method.cost)
        }
        let (recognized, signature) = identified
        try check(recognized, head, now)
        let caller = recognized.caller
        if case .permission(let permission) = method.access, !caller.permissions.contains(permission) {
            return try await deny(
                GuardErrors.permissionMissing(permission), caller, signature, head.sourceAddress, method)
        }
        let decision = try await take(method.cost, caller)
        return AdmittedCaller(
            caller: caller, signature: signature, decision: decision, method: method, source: head.sourceAddress,
            guardian: self)
    }

    public func admitNow(_ head: RequestSummary, to method: AdmittedMethod) throws(RPCError) -> (any Admission)? {
        guard let localLimits, method.access != .internal else { return nil }
        let now = parts.now()
        // What is not known, and all that is wrong, is for `admit`.
        guard let recognized = parts.recognition.identifyKnown(head, now: now) else { return nil }
        if case .permission(let permission) = method.access, !recognized.caller.permissions.contains(permission) {
            return nil
        }
        try check(recognized, head, now)
        let decision = localLimits.takeNow(method.cost, from: recognized.caller.limitSubjects)
        if let refusal = decision.refusal { throw GuardErrors.rateLimited(decision, refusal) }
        return AdmittedCaller(
            caller: recognized.caller, signature: nil, decision: decision, method: method, source: head.sourceAddress,
            guardian: self)
    }

    /// Refuses a caller what it may not do. Where the audit log tells of the method's calls, its service is to record the
    /// refusal first, as it records those of its own: for that the refusal is an admission.
    private func deny(
        _ error: RPCError, _ caller: KnownCaller, _ signature: SignedRequest?, _ source: String,
        _ method: AdmittedMethod
    ) async throws(RPCError) -> any Admission {
        // To ask for what one may not do is not free, either; and to have it written down costs what the call does.
        let decision = try await take(method.isAudited ? method.cost : Self.refusalCost, caller)
        guard method.isAudited else { throw error }
        // A log that a caller can fill is one in which nothing is found.
        guard parts.denials.takeNow(1, from: caller.limitSubjects).refusal == nil else {
            unrecorded.increment()
            throw error
        }
        return AdmittedCaller(
            caller: caller, signature: signature, decision: decision, method: method, source: source, guardian: self,
            denial: error)
    }

    /// Whether a caller may come from where it comes from; notes that its secret was used.
    private func check(
        _ recognized: CredentialStore.Recognized, _ head: RequestSummary, _ now: Int64
    ) throws(RPCError) {
        guard Self.mayComeFrom(head.sourceAddress, recognized) else { throw refused(GuardErrors.addressRefused, head) }
        if let secret = recognized.secret { parts.usage.note(secret, now: now) }
    }

    /// A key that was made a moment ago may not have been heard of here yet: what fails as an unknown one does is looked at
    /// again for as long as `Parts.newKeyLooks` says, before it is refused. Its address pays before it may wait, and has
    /// it back if the key turns out to be good: a flood of unknown keys ends at its budget, and not half a second later.
    private func lookAgain(
        _ head: RequestSummary, _ now: Int64, _ first: CallerRecognition.Refusal, _ exhausted: LimitDecision.State?
    ) async throws(RPCError) -> (CredentialStore.Recognized, SignedRequest?)? {
        var looks = parts.newKeyLooks[...]
        var error = first
        guard error.mayBeNew, !looks.isEmpty else { throw refusal(error, head, exhausted) }
        try payRefusal(head)
        while error.mayBeNew, let pause = looks.popFirst(), await waits(pause) {
            do throws(CallerRecognition.Refusal) {
                // It has paid for as many looks as it gets.
                let identified = try parts.recognition.identify(head, now: now) { true }
                parts.addresses.giveBack(Self.refusalCost, to: [Self.addressSubject(head)])
                return identified
            } catch let again {
                error = again
            }
        }
        throw refusal(error, head, nil, hasPaid: true)
    }

    private func look(
        _ head: RequestSummary, _ now: Int64, _ exhausted: inout LimitDecision.State?
    ) throws(CallerRecognition.Refusal) -> (CredentialStore.Recognized, SignedRequest?)? {
        try parts.recognition.identify(head, now: now) {
            let state = parts.addresses.look(Self.addressSubject(head))
            if !state.outcome.isAllowed { exhausted = state }
            return state.outcome.isAllowed
        }
    }

    private func refusal(
        _ error: CallerRecognition.Refusal, _ head: RequestSummary, _ exhausted: LimitDecision.State?,
        hasPaid: Bool = false
    ) -> RPCError {
        func refused(_ error: RPCError) -> RPCError { hasPaid ? error : self.refused(error, head) }
        return switch error {
        case .unavailable: GuardErrors.credentialsUnavailable
        case .exhausted:
            exhausted.map { GuardErrors.rateLimited(LimitDecision(states: [$0]), $0) }
                ?? refused(GuardErrors.missing)
        case .credentials(let error, _): refused(error)
        case .signature(let fault): refused(GuardErrors.signature(fault))
        }
    }

    /// Lets some time pass; false: too many requests wait already, or this one is over.
    private func waits(_ pause: Duration) async -> Bool {
        defer { newcomers.subtract(1, ordering: .relaxed) }
        guard newcomers.add(1, ordering: .relaxed).newValue <= Self.maximumNewcomers else { return false }
        do { try await Task.sleep(for: pause) } catch { return false }
        return true
    }

    /// Whether a caller may come from where it comes from.
    private static func mayComeFrom(_ source: String, _ recognized: CredentialStore.Recognized) -> Bool {
        let lists = (recognized.caller.networks, recognized.organizationNetworks)
        if lists.0.allowsAll && lists.1.allowsAll { return true }
        let address = IPAddress(source: source)
        return lists.0.allows(address) && lists.1.allows(address)
    }

    // MARK: Budgets

    private func take(_ cost: Int, _ caller: KnownCaller) async throws(RPCError) -> LimitDecision {
        let decision: LimitDecision
        if let localLimits {
            decision = localLimits.takeNow(cost, from: caller.limitSubjects)
        } else {
            decision = await parts.limits.take(cost, from: caller.limitSubjects)
        }
        if let refusal = decision.refusal { throw GuardErrors.rateLimited(decision, refusal) }
        return decision
    }

    private static func addressSubject(_ head: RequestSummary) -> LimitSubject {
        LimitSubject(kind: .address, id: IPAddress(source: head.sourceAddress)?.limitKey ?? head.sourceAddress)
    }

    /// Admits somebody unknown to a public method: the address pays.
    private func admitUnknown(_ head: RequestSummary, cost: Int) throws(RPCError) -> AdmittedUnknown {
        let decision = parts.addresses.takeNow(cost, from: [Self.addressSubject(head)])
        if let refusal = decision.refusal { throw GuardErrors.rateLimited(decision, refusal) }
        return AdmittedUnknown(decision: decision)
    }

    /// Takes what a refused request costs its address.
    ///
    /// - Throws: `RATE_LIMITED` if there is nothing left to take.
    private func payRefusal(_ head: RequestSummary) throws(RPCError) {
        let decision = parts.addresses.takeNow(Self.refusalCost, from: [Self.addressSubject(head)])
        if let refusal = decision.refusal { throw GuardErrors.rateLimited(decision, refusal) }
    }

    /// What a refused request is told: why, or, from an address that tries too much, to wait.
    private func refused(_ error: RPCError, _ head: RequestSummary) -> RPCError {
        do throws(RPCError) { try payRefusal(head) } catch { return error }
        return error
    }
}
