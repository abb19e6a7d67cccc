internal import CSimdJSON
internal import Synchronization

/// All memory that a transcoding works in. One call at a time has it.
///
/// The unchecked conformance: it goes from thread to thread, and the pool's lock and the call's own order see to it that
/// never two have it.
@safe final class Workspace: @unchecked Sendable {
    let arena = Arena()
    let paths: PathStack
    // A workspace belongs to one call at a time, so the checks at run time would find nothing.
    @exclusivity(unchecked) var output = OutputBuffer()
    @exclusivity(unchecked) var encoder = WireEncoder()
    let index: OpaquePointer
    /// The next one that waits: the pool's.
    @exclusivity(unchecked) fileprivate var next: Workspace?

    init(maxDepth: Int) {
        paths = PathStack(depth: maxDepth)
        guard let index = unsafe datavault_json_index_new() else { fatalError("there is no memory for a JSON index") }
        unsafe self.index = unsafe index
    }

    deinit {
        arena.destroy()
        paths.destroy()
        unsafe output.destroy()
        unsafe datavault_json_index_free(index)
    }

    /// Lets go of what a large message has made it take; false if it is still too large to wait for the next call.
    ///
    /// Not left to the next call: those that wait below others may have none for long.
    @inline(__always)
    func trim() -> Bool {
        // Nothing of it is larger than what a workspace may keep: as after nearly every call.
        if footprint <= Self.keptWhole { return true }
        return trimParts()
    }

    @inline(never)
    private func trimParts() -> Bool {
        arena.reset(limit: 0)
        unsafe output.reset(limit: 0)
        unsafe encoder.reset(limit: 0)
        return unsafe datavault_json_index_footprint(index) <= Self.keptIndex
    }

    /// Bytes that it has of the system, but for its paths.
    var footprint: Int {
        unsafe arena.held + output.capacity + encoder.capacity + Int(datavault_json_index_footprint(index))
    }

    /// Bytes of an index that stays: of a text of a quarter as many.
    private static let keptIndex = 1024 * 1024
    /// Bytes of all parts together below which none is looked at by itself: what each of them may keep.
    private static let keptWhole = 256 * 1024
}

/// Workspaces that wait for the next call: one in a place of its own, which costs an exchange to take and one to fill, and
/// more in a list through themselves.
final class WorkspacePool: Sendable {
    /// The address of a workspace that is held for the pool; 0 where none waits.
    private let front = Atomic<UInt>(0)
    private struct Waiting {
        var first: Workspace?
        var count = 0
    }

    private let waiting = Mutex(Waiting())
    private let maxDepth: Int
    /// More than cores that work at a time gain nothing.
    private static let capacity = 64

    init(maxDepth: Int) { self.maxDepth = maxDepth }

    deinit {
        let address = front.exchange(0, ordering: .acquiring)
        if address != 0 { unsafe Self.held(address).release() }
    }

    /// The reference that an address stands for.
    @inline(__always)
    private static func held(_ address: UInt) -> Unmanaged<Workspace> {
        // Only addresses that `giveBack` made come here, each once.
        unsafe Unmanaged.fromOpaque(UnsafeRawPointer(bitPattern: address).unsafelyUnwrapped)
    }

    @inline(__always)
    func take() -> Workspace {
        let address = front.exchange(0, ordering: .acquiring)
        if address != 0 { return unsafe Self.held(address).takeRetainedValue() }
        return takeWaiting()
    }

    @inline(never)
    private func takeWaiting() -> Workspace {
        let taken = waiting.withLock { waiting -> Workspace? in
            guard let first = waiting.first else { return nil }
            waiting.first = unsafe first.next
            unsafe first.next = nil
            waiting.count -= 1
            return first
        }
        return taken ?? Workspace(maxDepth: maxDepth)
    }

    @inline(__always)
    func giveBack(_ workspace: consuming Workspace) {
        guard workspace.trim() else { return }
        let address = UInt(bitPattern: unsafe Unmanaged.passRetained(workspace).toOpaque())
        if front.compareExchange(expected: 0, desired: address, ordering: .releasing).exchanged { return }
        unsafe wait(Self.held(address).takeRetainedValue())
    }

    @inline(never)
    private func wait(_ workspace: Workspace) {
        waiting.withLock { waiting in
            guard waiting.count < Self.capacity else { return }
            unsafe workspace.next = waiting.first
            waiting.first = workspace
            waiting.count += 1
        }
    }
}
