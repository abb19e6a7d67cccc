import Testing

@testable import Wire

@Suite struct StatusTests {
    @Test func namesTheCodes() {
        #expect(StatusCode.ok.description == "OK")
        #expect(StatusCode.unauthenticated.description == "UNAUTHENTICATED")
        #expect(StatusCode(rawValue: 17).description == "CODE(17)")
        #expect(StatusCode(rawValue: -1).description == "CODE(-1)")
    }

    /// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
    @Test(arguments: [
        (400, StatusCode.internal), (401, .unauthenticated), (403, .permissionDenied), (404, .unimplemented),
        (429, .unavailable), (502, .unavailable), (503, .unavailable), (504, .unavailable), (500, .unknown),
        (200, .unknown), (301, .unknown), (0, .unknown), (418, .unknown),
    ])
    func mapsHTTP(_ status: Int, _ code: StatusCode) {
        #expect(StatusCode.fromHTTP(status: status) == code)
    }

    /// PROTOCOL-HTTP2.md, "Errors".
    @Test(arguments: [
        (HTTP2ErrorCode.noError, StatusCode.internal), (.protocolError, .internal), (.internalError, .internal),
        (.flowControlError, .internal), (.settingsTimeout, .internal), (.frameSizeError, .internal),
        (.refusedStream, .unavailable), (.cancel, .cancelled), (.compressionError, .internal),
        (.connectError, .internal), (.enhanceYourCalm, .resourceExhausted), (.inadequateSecurity, .permissionDenied),
    ])
    func mapsResets(_ reset: HTTP2ErrorCode, _ code: StatusCode) {
        #expect(StatusCode.fromReset(reset) == code)
    }

    @Test func readsTrailers() throws {
        let read = GRPCStatus(makeBlock([("grpc-status", "5"), ("grpc-message", "no%20such%20%C3%BC")]))
        let status = try #require(read)
        #expect(status.code == .notFound)
        #expect(status.message == "no such ü")
        #expect(status.details == nil)
        #expect(status.error(metadata: Metadata())?.origin == .peer)
    }

    @Test(arguments: [("0", 0), ("16", 16), ("99", 99), ("x", 2), ("", 2), ("1.5", 2)])
    func readsCodes(_ text: String, _ code: Int) {
        let status = GRPCStatus(makeBlock([("grpc-status", text)]))
        #expect(status?.code.rawValue == code)
    }

    @Test func hasNoneWithoutACode() {
        let none = GRPCStatus(makeBlock([("grpc-message", "m")]))
        #expect(none == nil)
        let success = GRPCStatus(makeBlock([("grpc-status", "0")]))
        #expect(success?.code == .ok && success?.error(metadata: Metadata()) == nil)
    }

    @Test func ignoresDetailsThatAreNone() throws {
        for details in ["!!!", "AQ"] {
            let block = makeBlock([("grpc-status", "3"), ("grpc-status-details-bin", details)])
            let read = GRPCStatus(block)?.error(metadata: Metadata())
            let error = try #require(read)
            #expect(error.code == .invalidArgument)
            #expect(error.details.isEmpty)
        }
    }

    @Test func tellsPeersNothingOfForeignErrors() {
        struct Secret: Error { var password = "hunter2" }
        let error = RPCError.wrapping(Secret())
        #expect(error.code == .unknown)
        #expect(!error.message.contains("hunter2"))
        #expect(RPCError.wrapping(CancellationError()).code == .cancelled)
        #expect(RPCError.wrapping(RPCError(code: .aborted, message: "m")).message == "m")
    }
}
