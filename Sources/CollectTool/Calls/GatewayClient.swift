import Foundation
import Logging
import Outbound

/// Signed REST calls to the suite's gateway.
public struct GatewayClient: Sendable {
    /// Adds the fields of a signature to a request (RFC 9421).
    public typealias Sign =
        @Sendable (
            _ method: String, _ url: String, _ fields: [(name: String, value: String)], _ body: [UInt8]?
        ) throws -> [(name: String, value: String)]

    /// How often, and for how long, is tried again.
    struct Patience {
        var attempts = 6
        var firstPause = Duration.milliseconds(200)
        var longestPause = Duration.seconds(10)
    }

    /// Bytes of an answer that is read as a whole.
    private static let answerLimit = 16 << 20
    /// Bytes of one event of a stream.
    private static let eventLimit = 4 << 20

    /// As `http://127.0.0.1:8080`.
    public let base: String
    private let sign: Sign
    private let client: OutboundClient
    private let patience = Patience()

    /// Makes a client of the gateway at `base`.
    ///
    /// - Parameter authorities: A file with authorities that the gateway's certificate may come from; nil: the system's.
    public init(base: String, authorities: String? = nil, sign: @escaping Sign) throws {
        (self.base, self.sign) = (base.hasSuffix("/") ? String(base.dropLast()) : base, sign)
        var configuration = OutboundConfiguration(userAgent: "datavault-collect")
        // The user names the gateway; nobody else's word leads anywhere.
        configuration.addressGuard = AddressGuard(
            allowedAddresses: ["0.0.0.0/0", "::/0"].compactMap(AddressRange.init), forbiddenPorts: [])
        configuration.tls.authorities = authorities
        configuration.connections.maximumPerHost = 4
        var logger = Logger(label: "collect")
        logger.logLevel = .critical
        client = try OutboundClient(configuration, logger: logger)
    }

    /// Ends its connections.
    public func close() async { await client.shutDown(grace: .seconds(1)) }

    // MARK: Calls

    /// Makes a call and reads its answer. What may succeed later is tried again, under the same idempotency key, so that
    /// nothing is done twice.
    func call(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [], body: JSONValue? = nil,
        attempts: Int? = nil
    ) async throws -> JSONValue {
        var fields: [(name: String, value: String)] = [("Accept", "application/json")]
        if method == .post { fields.append(("Idempotency-Key", UUID().uuidString.lowercased())) }
        let last = attempts ?? patience.attempts
        for attempt in 1... {
            do {
                let response = try await send(method, path, query, fields, body?.bytes())
                let bytes = try await response.body.collect(upTo: Self.answerLimit)
                guard response.status < 300 else {
                    throw RefusedCall(status: response.status, headers: response.headers, body: bytes)
                }
                return bytes.isEmpty ? .null : try JSONValue(parsing: bytes)
            } catch let refusal as RefusedCall where refusal.mayPass && attempt < last {
                try await Task.sleep(for: refusal.retryAfter ?? pause(attempt))
            } catch let error as OutboundError where error.reason.isRetryable && attempt < last {
                try await Task.sleep(for: pause(attempt))
            }
        }
        throw CancellationError()
    }

    /// Follows a stream of events until `take` says that it is over; begins anew where the stream ends before.
    ///
    /// - Parameter take: Gets each event; true: it was the last.
    func watch(_ path: String, _ take: (JSONValue) throws -> Bool) async throws {
        var failures = 0
        while true {
            do {
                if try await follow(path, take, progress: { failures = 0 }) { return }
                failures += 1
                guard failures < patience.attempts else {
                    throw CollectFailure(.failed, "\(path) ends again and again")
                }
            } catch let refusal as RefusedCall where refusal.mayPass && failures < patience.attempts {
                failures += 1
                try await Task.sleep(for: refusal.retryAfter ?? pause(failures))
            } catch let error as OutboundError
                where error.reason != .cancelled && error.reason.isRetryable && failures < patience.attempts
            {
                failures += 1
                try await Task.sleep(for: pause(failures))
            }
        }
    }

    private func follow(
        _ path: String, _ take: (JSONValue) throws -> Bool, progress: () -> Void
    ) async throws -> Bool {
        let response = try await send(.get, path, [], [("Accept", "text/event-stream")], nil, isStream: true)
        guard response.status < 300 else {
            let body = try await response.body.collect(upTo: Self.answerLimit)
            throw RefusedCall(status: response.status, headers: response.headers, body: body)
        }
        var events = EventStream(limit: Self.eventLimit)
        while let bytes = try await response.body.next() {
            for event in try events.take(bytes) {
                if event.name == "error" { throw RefusedCall(status: 503, headers: [:], body: Array(event.data.utf8)) }
                progress()
                if try take(JSONValue(parsing: Array(event.data.utf8))) { return true }
            }
        }
        return false
    }

    /// Writes a file that the gateway streams, whole or not at all.
    ///
    /// - Returns: Its bytes.
    public func download(_ path: String, query: [(String, String)], to file: String) async throws -> Int64 {
        for attempt in 1... {
            do {
                let response = try await send(.get, path, query, [("Accept", "*/*")], nil, isStream: true)
                guard response.status < 300 else {
                    let body = try await response.body.collect(upTo: Self.answerLimit)
                    throw RefusedCall(status: response.status, headers: response.headers, body: body)
                }
                let target = try PendingFile(file)
                do {
                    while let bytes = try await response.body.next() { try target.write(bytes) }
                    return try target.commit()
                } catch {
                    target.discard()
                    throw error
                }
            } catch let refusal as RefusedCall where refusal.mayPass && attempt < patience.attempts {
                try await Task.sleep(for: refusal.retryAfter ?? pause(attempt))
            } catch let error as OutboundError where error.reason.isRetryable && attempt < patience.attempts {
                try await Task.sleep(for: pause(attempt))
            }
        }
        throw CancellationError()
    }

    // MARK: Requests

    private func send(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)],
        _ fields: [(name: String, value: String)], _ body: [UInt8]?, isStream: Bool = false
    ) async throws -> OutboundResponse {
        var url = base + path
        if !query.isEmpty {
            url += "?" + query.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
        }
        // As it will be sent: what is signed is each of its bytes.
        let target = try WebURL(url)
        var all = fields
        if body != nil { all.append(("Content-Type", "application/json")) }
        all += try sign(method.rawValue, target.description, all, body)
        var headers = HTTPHeaders()
        for field in all { headers.add(field.name, field.value) }
        var request = OutboundRequest(method, target, headers: headers, body: body.map(RequestBody.bytes) ?? .none)
        request.isIdempotent = true
        request.redirects.maximum = 0
        if isStream {
            var timeouts = OutboundTimeouts()
            timeouts.total = .seconds(24 * 3_600)
            request.timeouts = timeouts
            var limits = OutboundLimits()
            (limits.bodyBytes, limits.encodedBodyBytes) = (1 << 40, 1 << 40)
            request.limits = limits
        }
        return try await client.send(request)
    }

    private func pause(_ attempt: Int) -> Duration {
        min(patience.firstPause * (1 << min(attempt - 1, 8)), patience.longestPause)
    }

    /// A value for a query (RFC 3986: all but unreserved characters are encoded).
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.map { byte -> String in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: String(UnicodeScalar(byte))
            default: "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }.joined()
    }
}
