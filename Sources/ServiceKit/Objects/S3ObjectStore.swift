import Foundation
public import Outbound
public import Persistence

/// Where an S3 store is, and who asks it.
public struct S3Configuration: Sendable {
    /// `https://s3.eu-north-1.amazonaws.com`: the bucket is named in the path, which every store understands.
    public var endpoint: WebURL
    public var bucket: String
    /// What the program's names begin with in the bucket, with a slash at its end; or empty.
    public var prefix = ""
    public var signature: AWSSignature
    public var limits = ObjectLimits()
    /// How often a request is sent that the store, or the way to it, fails.
    public var attempts = 4
    /// The wait before the second attempt; it doubles from then on, and half of it is random.
    public var firstWait: Duration = .milliseconds(100)
    /// The longest that one attempt may take.
    public var timeout: Duration = .seconds(60)

    public init(endpoint: WebURL, bucket: String, signature: AWSSignature) {
        (self.endpoint, self.bucket, self.signature) = (endpoint, bucket, signature)
    }
}

/// Objects in a bucket of S3, or of what speaks like it.
///
/// S3 makes an object visible when it is whole and stored, so a name never shows a part of it. All requests can be sent
/// again, as objects do not change.
public final class S3ObjectStore: ObjectStore {
    private let configuration: S3Configuration
    private let client: OutboundClient

    public init(_ configuration: S3Configuration) throws {
        self.configuration = configuration
        var outbound = OutboundConfiguration(userAgent: "DataVault")
        // The operator names this one address, wherever it lies.
        outbound.addressGuard = AddressGuard(
            allowedAddresses: ["0.0.0.0/0", "::/0"].compactMap { AddressRange($0) }, forbiddenPorts: [])
        outbound.timeouts.total = configuration.timeout
        outbound.limits.bodyBytes = configuration.limits.objectBytes
        outbound.limits.encodedBodyBytes = configuration.limits.objectBytes
        outbound.connections.maximumPerHost = max(1, configuration.limits.concurrency)
        outbound.connections.maximumQueued = configuration.limits.maximumWaiting
        client = try OutboundClient(outbound)
    }

    public func put(_ key: ObjectKey, _ bytes: [UInt8]) async throws(ObjectError) {
        guard bytes.count <= configuration.limits.objectBytes else {
            throw ObjectError(
                .tooLarge, "\(key) has \(bytes.count) bytes, more than \(configuration.limits.objectBytes)")
        }
        _ = try await ask(.put, key, body: .bytes(bytes))
    }

    public func get(_ key: ObjectKey, range: Range<Int>?) async throws(ObjectError) -> [UInt8] {
        guard let range else { return try await ask(.get, key).body }
        if range.isEmpty {
            guard let size = try await size(of: key), range.upperBound <= size else {
                throw ObjectError(.notFound, "\(key) does not reach to \(range)")
            }
            return []
        }
        let answer = try await ask(.get, key, headers: ["Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)"])
        guard answer.status == 206, answer.body.count == range.count else {
            throw ObjectError(.notFound, "\(key) does not reach to \(range)")
        }
        return answer.body
    }

    public func size(of key: ObjectKey) async throws(ObjectError) -> Int? {
        do throws(ObjectError) {
            let answer = try await ask(.head, key)
            guard let length = answer.headers["Content-Length"].flatMap({ Int($0) }) else {
                throw ObjectError(.unexpected, "the store does not say how long \(key) is")
            }
            return length
        } catch {
            guard error.reason == .notFound else { throw error }
            return nil
        }
    }

    public func delete(_ key: ObjectKey) async throws(ObjectError) {
        do throws(ObjectError) { _ = try await ask(.delete, key) } catch {
            guard error.reason == .notFound else { throw error }
        }
    }

    public func list(prefix: String, after: ObjectKey?, limit: Int) async throws(ObjectError) -> [ObjectKey] {
        // In the order of their names, which the signature wants.
        var query = [("list-type", "2"), ("max-keys", String(min(max(1, limit), 1_000)))]
        query.append(("prefix", configuration.prefix + prefix))
        if let after { query.append(("start-after", configuration.prefix + after.description)) }
        guard limit > 0 else { return [] }
        let answer = try await ask(.get, nil, query: query)
        return S3Listing.keys(in: answer.body).compactMap { name in
            guard name.hasPrefix(configuration.prefix) else { return nil }
            return ObjectKey(parsing: String(name.dropFirst(configuration.prefix.count)))
        }
    }

    public func check() async throws(ObjectError) { _ = try await ask(.head, nil) }

    /// Ends the connections; later calls fail.
    public func shutDown() async { await client.shutDown() }

    private func url(_ key: ObjectKey?, _ query: [(String, String)]) throws(ObjectError) -> WebURL {
        var text = configuration.endpoint.description
        if text.hasSuffix("/") { text.removeLast() }
        text += "/" + configuration.bucket
        if let key { text += "/" + configuration.prefix + key.description }
        let pairs = query.sorted { $0.0 < $1.0 }.map { "\($0.0)=\(Self.escaped($0.1))" }
        if !pairs.isEmpty { text += "?" + pairs.joined(separator: "&") }
        do { return try WebURL(text) } catch { throw ObjectError(.unexpected, error.message) }
    }

    /// Everything that is not unreserved (RFC 3986), a slash too, as the signature has it.
    private static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    private func ask(
        _ method: HTTPMethod, _ key: ObjectKey?, query: [(String, String)] = [], headers: HTTPHeaders = HTTPHeaders(),
        body: RequestBody = .none
    ) async throws(ObjectError) -> CollectedResponse {
        var request = OutboundRequest(method, try url(key, query), headers: headers, body: body)
        (request.signature, request.redirects, request.decodesBody) = (configuration.signature, .none, false)
        let what = key?.description ?? "the bucket \(configuration.bucket)"
        var wait = configuration.firstWait
        var failure = ObjectError(.unavailable, "\(what) was not asked for")
        for attempt in 1...max(1, configuration.attempts) {
            if attempt > 1 {
                let part = Double.random(in: 0.5...1)
                do { try await Task.sleep(for: wait * part) } catch { throw ObjectError(.cancelled, "cancelled") }
                wait *= 2
            }
            do {
                let answer = try await client.fetch(request)
                switch answer.status {
                case 200..<300: return answer
                case 404, 416: throw ObjectError(.notFound, "there is no \(what), or not so much of it")
                case 401, 403: throw ObjectError(.denied, "the store refuses \(what): \(answer.status)")
                case 408, 429, 500...:
                    failure = ObjectError(.unavailable, "the store answers \(answer.status) for \(what)")
                default: throw ObjectError(.unexpected, "the store answers \(answer.status) for \(what)")
                }
            } catch let error as ObjectError { throw error } catch let error as OutboundError {
                switch error.reason {
                case .cancelled: throw ObjectError(.cancelled, "cancelled")
                case .bodyTooLarge: throw ObjectError(.tooLarge, "\(what) is too large")
                case let reason where reason.isRetryable: failure = ObjectError(.unavailable, "\(what): \(error)")
                default: throw ObjectError(.unexpected, "\(what): \(error)")
                }
            } catch { throw ObjectError(.unexpected, "\(what): \(error)") }
        }
        throw failure
    }
}

/// The answer to ListObjectsV2: the text of its `Key` elements, which stand nowhere else.
enum S3Listing {
    static func keys(in bytes: [UInt8]) -> [String] {
        let text = String(decoding: bytes, as: UTF8.self)
        var (rest, keys) = (text[...], [String]())
        while let open = rest.range(of: "<Key>"), let close = rest[open.upperBound...].range(of: "</Key>") {
            // The program's own names hold nothing that XML would escape.
            keys.append(String(rest[open.upperBound..<close.lowerBound]))
            rest = rest[close.upperBound...]
        }
        return keys
    }
}
