// Measures what the policy layer adds to a unary call, and what its parts take: see scripts/bench-policy.sh.
import CAllocationCounter
import NIOCore
import Policy
import PolicyModel
import SwiftProtobuf
import TestContractProtos
import Wire

let rounds = 15
let calls = try BenchmarkCalls()

/// Nanoseconds that each of some repetitions takes.
func nanoseconds(_ times: Int, _ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    for _ in 0..<times { try body() }
    return (ContinuousClock.now - start) / .nanoseconds(times)
}

/// The best of some rounds, in nanoseconds, and how often the body asks for memory.
func best(_ times: Int, _ body: () throws -> Void) rethrows -> (Double, UInt64) {
    var best = Double.infinity
    for _ in 0..<rounds { best = min(best, try nanoseconds(times, body)) }
    let before = wire_allocation_count()
    wire_count_allocations(true)
    try body()
    wire_count_allocations(false)
    return (best, wire_allocation_count() - before)
}

func line(_ name: String, _ nanoseconds: Double, _ allocations: Double, _ note: String = "") {
    let figure = "\((nanoseconds * 10).rounded() / 10)"
    print("| \(name) | \(figure) ns | \((allocations * 10).rounded() / 10) | \(note) |")
}

/// A server and its client.
struct Pair: Sendable {
    let server: Server
    let client: Datavault_Test_V1_LibraryService.Client
    let channel: ClientChannel

    init(_ interceptors: [any ServerInterceptor], _ loops: EventLoops) {
        server = calls.server(interceptors, loops)
        channel = ClientChannel(
            .inProcess(server, uriNames: ["spiffe://example.org/gateway"]), eventLoops: loops)
        client = Datavault_Test_V1_LibraryService.Client(channel)
    }

    /// Nanoseconds of a call.
    func measure(_ times: Int) async throws -> Double {
        let options = calls.options
        let start = ContinuousClock.now
        for _ in 0..<times { _ = try await client.createBook(BenchmarkCalls.request, options: options) }
        return (ContinuousClock.now - start) / .nanoseconds(times)
    }

    func allocations(_ times: Int) async throws -> Double {
        let before = wire_allocation_count()
        wire_count_allocations(true)
        _ = try await measure(times)
        wire_count_allocations(false)
        return Double(wire_allocation_count() - before) / Double(times)
    }

    func end() async {
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }
}

let loops = EventLoops(threads: 1)
let pairs = [Pair([], loops), Pair(calls.layer, loops)]
let measured = Task(executorPreference: loops.executors[0]) {
    var best = [Double.infinity, .infinity]
    for pair in pairs { _ = try await pair.measure(5_000) }
    for round in 0..<rounds {
        // In turns, and each first as often as the other: what else the machine does meets both alike.
        for which in round % 2 == 0 ? [0, 1] : [1, 0] {
            best[which] = min(best[which], try await pairs[which].measure(5_000))
        }
    }
    return (best, try await pairs[0].allocations(2_000), try await pairs[1].allocations(2_000))
}
let (both, without, with) = try await measured.value
print("| what | time | allocations | |\n|---|---:|---:|---|")
line("unary call in one process, client and server, without the layer", both[0], without)
line("the same call with the layer", both[1], with, "\((both[1] / both[0] * 100).rounded() / 100) ×")
line("the layer", both[1] - both[0], with - without)
for pair in pairs { await pair.end() }

let (hit, hitMemory) = try best(20_000) { _ = try calls.verifier.verify(calls.token, now: BenchmarkCalls.started) }
line("a principal whose verdict is remembered", hit, Double(hitMemory))
let (miss, missMemory) = try best(200) {
    _ = try PrincipalVerifier(keys: calls.keys).verify(calls.token, now: BenchmarkCalls.started)
}
line("a principal that is verified", miss, Double(missMemory))
guard let policy = BenchmarkCalls.method.policy else { fatalError("the method has no policy") }
let size = try BenchmarkCalls.request.serializedBytes() as [UInt8]
let (bounds, boundsMemory) = best(20_000) {
    guard policy.violations(in: BenchmarkCalls.request).isEmpty else { fatalError("the request breaks a rule") }
}
line("the rules of a request of \(size.count) bytes", bounds, Double(boundsMemory))
