import Crypto
import FoundationEssentials

/// Signs requests as this gateway wants them signed (RFC 9421, RFC 9530): what `datavault sign` does.
public struct RequestSigner: Sendable {
    /// Why a request cannot be signed.
    public struct Fault: Error, CustomStringConvertible {
        /// What is wrong with it, for people.
        public let description: String
    }

    /// A request to sign.
    public struct Request: Sendable {
        /// As `POST`.
        public var method: String
        /// An absolute URL, written exactly as it will be sent.
        public var url: String
        /// Fields that will be sent, in their order.
        public var headers: [(name: String, value: String)]
        /// The body's bytes; nil: none.
        public var body: [UInt8]?

        /// Describes a request.
        public init(method: String, url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil) {
            (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
        }
    }

    /// Seconds from `created` to `expires`.
    public static let defaultLifetime: Int64 = 60
    private static let label = "sig1"
    private static let nonceBytes = 18

    private let keyID: String
    private let key: SymmetricKey

    /// Takes a key's identifier (without `api-keys/`) and its signing secret's 32 bytes.
    public init(keyID: String, secret: [UInt8]) {
        (self.keyID, key) = (keyID, SymmetricKey(data: secret))
    }

    /// The bytes of a signing secret as Identity shows it: base64url without padding.
    public static func secret(_ text: String) -> [UInt8]? {
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: base64), data.count == 32 else { return nil }
        return Array(data)
    }

    /// The fields to add to a request: `Content-Digest` if there is a body, `Signature-Input` and `Signature`.
    ///
    /// - Parameters:
    ///   - created: In seconds since 1970.
    ///   - nonce: Used once; nil: a random one.
    public func sign(
        _ request: Request, created: Int64, lifetime: Int64 = defaultLifetime, nonce: String? = nil
    ) throws(Fault) -> [(name: String, value: String)] {
        var summary = try Self.summary(request)
        var added: [(name: String, value: String)] = []
        if let body = request.body {
            guard summary.header("content-type") != nil else {
                throw Fault(description: "a request with a body needs a Content-Type")
            }
            if summary.header("content-digest") == nil {
                let digest = "sha-256=:\(Data(SHA256.hash(data: body)).base64EncodedString()):"
                added.append(("Content-Digest", digest))
                summary.headers.append(("content-digest", digest))
            }
            summary.headers.append(("content-length", String(body.count)))
        }
        let components = SignaturePolicy.required(by: summary)
        let list = StructuredField.InnerList(
            items: components.map { StructuredField.Item(value: .string($0)) },
            parameters: [
                StructuredField.Parameter(name: "created", value: .integer(created)),
                StructuredField.Parameter(name: "expires", value: .integer(created + lifetime)),
                StructuredField.Parameter(name: "nonce", value: .string(nonce ?? Self.randomNonce())),
                StructuredField.Parameter(name: "keyid", value: .string(keyID)),
                StructuredField.Parameter(name: "alg", value: .string(PresentedSignature.algorithm)),
            ])
        let base: String
        do throws(SignatureFault) {
            base = try SignatureBase.make(components, parameters: list.serialized, of: summary)
        } catch {
            throw Fault(description: "the request lacks a field that the signature has to cover")
        }
        let code = HMAC<SHA256>.authenticationCode(for: Array(base.utf8), using: key)
        added.append(("Signature-Input", "\(Self.label)=\(list.serialized)"))
        added.append(("Signature", "\(Self.label)=:\(Data(code).base64EncodedString()):"))
        return added
    }

    private static func randomNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<nonceBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
            .base64EncodedString()
    }

    /// The request as the gateway will see it. The URL is taken apart and not made anew, as every byte counts.
    private static func summary(_ request: Request) throws(Fault) -> RequestSummary {
        guard let colon = request.url.firstRange(of: "://") else { throw Fault(description: "the URL is not absolute") }
        let scheme = request.url[..<colon.lowerBound].lowercased()
        guard ["http", "https"].contains(scheme) else { throw Fault(description: "the URL is no http or https URL") }
        let rest = request.url[colon.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, !authority.contains("@") else {
            throw Fault(description: "the URL names no host, or a user")
        }
        let target = rest.dropFirst(authority.count)
        let path = target.prefix { $0 != "?" }
        let query = path.count < target.count ? String(target.dropFirst(path.count + 1)) : nil
        return RequestSummary(
            method: request.method.uppercased(), scheme: scheme, authority: authority.lowercased(),
            path: path.isEmpty ? "/" : String(path), query: query,
            headers: request.headers.map { (name: $0.name.lowercased(), value: $0.value) }, sourceAddress: "",
            requestID: "")
    }
}
