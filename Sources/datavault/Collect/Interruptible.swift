import CollectTool
import Foundation
import UnixSignals

/// Work that Ctrl-C ends in order, and a second one at once.
enum Interruptible {
    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(CollectFailure) -> Value
    ) async throws(CollectFailure) -> Value {
        let task = Task { () async -> Result<Value, CollectFailure> in
            do throws(CollectFailure) { return .success(try await work()) } catch { return .failure(error) }
        }
        let watcher = Task {
            for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                guard !task.isCancelled else { exit(128 + signal.rawValue) }
                FileHandle.standardError.write(Data("\ncancelling; once more ends at once\n".utf8))
                task.cancel()
            }
        }
        defer { watcher.cancel() }
        return try await task.value.get()
    }
}
