/// The call that a task works for, as the task and those within it find it.
///
/// A worker's task binds its holder once for all its calls, as binding a task-local for each costs an allocation and
/// three executor switches. A task that a handler has let loose keeps the holder, and so the call that it comes from: a
/// worker whose holder is kept by anybody else when a call ends is not used again.
//
// Unchecked: `call` is set before a handler starts, and cleared only when nobody else refers to the holder.
final class CallHolder: @unchecked Sendable {
    @TaskLocal static var current: CallHolder?

    @safe @exclusivity(unchecked) var call: ServerContext?

    /// Whether only one reference to the holder is left.
    static func isUnique(_ holder: Unmanaged<CallHolder>) -> Bool {
        var holder = unsafe holder
        return unsafe withUnsafeMutablePointer(to: &holder) { pointer in
            // Both are one pointer to the object.
            unsafe pointer.withMemoryRebound(to: CallHolder.self, capacity: 1) {
                unsafe isKnownUniquelyReferenced(&$0.pointee)
            }
        }
    }
}
