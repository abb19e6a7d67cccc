import Metrics
import NIOCore
import Synchronization

/// A channel's metrics: calls by method and code, and their times.
final class ClientMetrics: Sendable {
    private let prefix: String
    private let methods = Mutex([MethodDescriptor: Entry]())

    private struct Entry: Sendable {
        var seconds: Metrics.Timer
        var byCode: [Int: Counter] = [:]
    }

    /// Methods kept apart; further ones are counted together, as their number may depend on input (gateways).
    private static let maxMethods = 1000

    init(prefix: String) { self.prefix = prefix }

    func record(_ method: MethodDescriptor, _ code: StatusCode, since start: NIODeadline) {
        let (timer, counter) = methods.withLock { methods -> (Metrics.Timer, Counter) in
            if let entry = methods[method], let counter = entry.byCode[code.rawValue] {
                return (entry.seconds, counter)
            }
            return add(method, code, to: &methods)
        }
        counter.increment()
        timer.recordNanoseconds((NIODeadline.now() - start).nanoseconds)
    }

    private func add(
        _ method: MethodDescriptor, _ code: StatusCode, to methods: inout [MethodDescriptor: Entry]
    ) -> (Metrics.Timer, Counter) {
        let isNew = methods[method] == nil
        let key = isNew && methods.count >= Self.maxMethods ? Self.others : method
        let dimensions = [("service", key.service), ("method", key.name)]
        var entry =
            methods[key] ?? Entry(seconds: Metrics.Timer(label: "\(prefix)_handling_seconds", dimensions: dimensions))
        let counter =
            entry.byCode[code.rawValue]
            ?? Counter(label: "\(prefix)_handled_total", dimensions: dimensions + [("code", code.description)])
        entry.byCode[code.rawValue] = counter
        methods[key] = entry
        return (entry.seconds, counter)
    }

    private static let others = MethodDescriptor(service: "others", name: "others", kind: .bidirectional)
}
