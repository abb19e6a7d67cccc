/// A loop's call objects that wait for their next call, with their buffers.
//
// Unchecked: confined to the loop.
final class ClientCallPool: @unchecked Sendable {
    @safe @exclusivity(unchecked) private var idle: [ClientCall] = []

    /// Objects kept.
    static let limit = 256

    func take(_ context: LoopContext) -> ClientCall { idle.popLast() ?? ClientCall(context: context) }

    /// Takes a call back that has ended, if nobody else refers to it.
    func give(_ call: consuming ClientCall) {
        guard idle.count < Self.limit, call.isClosed, isKnownUniquelyReferenced(&call) else { return }
        call.prepareForReuse()
        idle.append(call)
    }
}
