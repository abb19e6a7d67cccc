// Measures what the edge's guard takes for a request, on one core: see scripts/bench-guard.sh.
//
//     guard-bench [key-checks] [signatures] [principals]
import Crypto
import Foundation
import Gateway
import Policy
import PolicyModel

let chosen = Set(CommandLine.arguments.dropFirst())
let rounds = 7

func isChosen(_ name: String) -> Bool { chosen.isEmpty || chosen.contains(name) }

/// Prints the best of some rounds.
func measure(_ name: String, _ times: Int, _ body: (Int) async throws -> Void) async throws {
    var best = Double.infinity
    for _ in 0..<rounds {
        let start = ContinuousClock.now
        for index in 0..<times { try await body(index) }
        best = min(best, (ContinuousClock.now - start) / .nanoseconds(times))
    }
    let nanoseconds = Int(best.rounded())
    let thousands = Int((1e6 / best).rounded())
    print("| \(name) | \(nanoseconds) ns | \(thousands) 000 |")
}

let bench = try await GuardBench()
print("| | a request | requests a second |")
print("|---|---|---|")
if isChosen("key-checks") {
    let request = bench.request([("x-api-key", bench.secret)])
    try await measure("API key, seen before: recognized, addresses, permission, both limits", 100_000) { _ in
        _ = try await bench.guardian.admit(request, to: GuardBench.method)
    }
    let many = bench.secrets.map { bench.request([("authorization", "Bearer \($0)")]) }
    try await measure("one of \(many.count) API keys, seen before", 100_000) { index in
        _ = try await bench.guardian.admit(many[index % many.count], to: GuardBench.method)
    }
    let unknown = (0..<1_000).map { _ in bench.request([("x-api-key", GuardBench.unknownKey())]) }
    try await measure("API key, unknown: checksum, HMAC, refusal", 10_000) { index in
        do {
            _ = try await bench.guardian.admit(unknown[index % unknown.count], to: GuardBench.method)
            fatalError("an unknown key was let in")
        } catch {}
    }
    let bearer = bench.request([("authorization", "Bearer \(bench.token)")])
    try await measure("access token, seen before", 100_000) { _ in
        _ = try await bench.guardian.admit(bearer, to: GuardBench.method)
    }
}
if isChosen("signatures") {
    var signed = try (0..<(rounds * 5_000)).map { _ in try bench.signed() }[...]
    try await measure("signature with body: parsed, held to the policy, HMAC, limits, nonce", 5_000) { _ in
        let request = signed.removeFirst()
        try await bench.guardian.admit(request, to: GuardBench.method).confirm()
    }
}
if isChosen("principals") {
    let request = bench.request([("x-api-key", bench.secret)])
    let admission = try await bench.guardian.admit(request, to: GuardBench.method)
    try await measure("principal, signed before", 200_000) { _ in _ = try admission.principal() }
    var number = 0
    try await measure("principal, signed anew", 2_000) { _ in
        number += 1
        let method = AdmittedMethod(
            path: "/datavault.bench.v1.Things/M\(number)", role: .pipeline, access: .authenticated, cost: 1)
        _ = try await bench.guardian.admit(request, to: method).principal()
    }
}
await bench.end()
