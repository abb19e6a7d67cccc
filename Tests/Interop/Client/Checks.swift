import Foundation
import InteropProtos
import Wire

/// A case that did not hold.
struct Failed: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

func check(_ holds: Bool, _ claim: @autoclosure () -> String) throws {
    if !holds { throw Failed(claim()) }
}

func checkEqual<Value: Equatable>(_ got: Value, _ wanted: Value, _ what: String) throws {
    try check(got == wanted, "\(what) is \(got), not \(wanted)")
}

/// Checks a payload without printing it, as it may be large.
func checkZeros(_ payload: Grpc_Testing_Payload, _ size: Int) throws {
    try checkEqual(payload.body.count, size, "payload size")
    try check(payload.body.allSatisfy { $0 == 0 }, "payload has other bytes than zero")
}

/// Checks that `call` fails with `code`, and with `message` if one is given.
func checkFails(_ code: StatusCode, _ message: String? = nil, _ call: () async throws -> Void) async throws {
    do {
        try await call()
    } catch let error as RPCError {
        try checkEqual(error.code, code, "status code (with the message '\(error.message)')")
        if let message { try checkEqual(error.message, message, "status message") }
        return
    }
    throw Failed("the call succeeded")
}
