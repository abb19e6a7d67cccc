public import NIOCore
import NIOPosix

/// The event loops that servers and channels run on.
///
/// Servers and channels that are given the same `EventLoops` share threads, so a handler that calls another service
/// does so without leaving its thread.
public final class EventLoops: Sendable {
    package let contexts: [LoopContext]
    private let group: MultiThreadedEventLoopGroup
    private let isShared: Bool

    /// Loops for the whole process, one a core; never shut down.
    public static let shared = EventLoops(group: .singleton, isShared: true)

    /// Starts `threads` event loops, each on a thread of its own.
    public convenience init(threads: Int) {
        self.init(group: MultiThreadedEventLoopGroup(numberOfThreads: max(1, threads)), isShared: false)
    }

    private init(group: MultiThreadedEventLoopGroup, isShared: Bool) {
        self.group = group
        self.isShared = isShared
        self.contexts = group.makeIterator().map { LoopContext(loop: $0) }
    }

    /// The NIO group, for other protocols that share these threads.
    public var eventLoopGroup: any EventLoopGroup { group }

    /// One executor a loop: a task that prefers one of them calls and serves on that loop without a thread hop.
    public var executors: [any TaskExecutor] { contexts }

    /// Ends the threads. Servers and channels on these loops must have been shut down before.
    ///
    /// - Throws: NIO's error if a loop does not end; nothing for the shared loops, which go on.
    public func shutdown() async throws {
        guard !isShared else { return }
        for context in contexts {
            try await context.loop.submit { context.timers.stop() }.get()
        }
        try await group.shutdownGracefully()
    }

    package func context(of loop: any EventLoop) -> LoopContext {
        for context in contexts where context.loop === loop { return context }
        preconditionFailure("the channel's event loop is none of these event loops")
    }
}
