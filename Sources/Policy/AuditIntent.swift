import Synchronization

/// What the audit log is to be told of a call: bound to the call before its handler starts, fulfilled by the write of
/// the handler's change.
public final class AuditIntent: Sendable {
    /// How an intent came to its end.
    public enum Outcome: Sendable, Hashable {
        /// Nothing has been written yet.
        case open
        /// An entry was written in the transaction of the change.
        case recorded
        /// The call repeats an earlier one, whose entry stands.
        case replayed
    }

    /// What the log calls the call, as `pipeline.create`.
    public let action: String
    /// Who makes the call.
    public let actor: Caller
    /// The caller's request, as the edge numbered it; nil for calls that came without a number.
    public let requestID: String?
    /// The address that the caller came from; nil where nobody said it.
    public let sourceAddress: String?

    private struct State {
        var outcome = Outcome.open
        var resource: String?
    }

    private let state = Mutex(State())

    init(action: String, actor: Caller, requestID: String? = nil, sourceAddress: String? = nil) {
        (self.action, self.actor, self.requestID, self.sourceAddress) = (action, actor, requestID, sourceAddress)
    }

    /// What the entry is about; nil until it is known, or if the call concerns no single resource.
    public var resource: String? { state.withLock { $0.resource } }

    /// How far it has come.
    public var outcome: Outcome { state.withLock { $0.outcome } }

    /// Says that the entry was written. Called by what writes it, after its transaction has committed.
    public func fulfill(_ outcome: Outcome = .recorded) { state.withLock { $0.outcome = outcome } }

    /// The first message that names the resource decides.
    func concerns(_ resource: String) {
        state.withLock { state in
            if state.resource == nil { state.resource = resource }
        }
    }
}
