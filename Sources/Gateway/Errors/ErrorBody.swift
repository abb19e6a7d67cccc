import PolicyModel
import SwiftProtobuf
import Transcoding
import Wire
import WireProtos

/// An error as callers of REST get it: `google.rpc.Status` as JSON, or a problem of RFC 9457 with the same content.
struct ErrorBody {
    static let statusType = "application/json"
    static let problemType = "application/problem+json"

    /// Seconds that a caller is told to wait at most, whatever the service says.
    private static let longestRetry: Int64 = 86_400

    let error: RPCError
    let info: Google_Rpc_ErrorInfo?
    let status: Int

    init(_ error: RPCError) {
        self.error = error
        info = error.detail(Google_Rpc_ErrorInfo.self)
        status = HTTPStatus.of(error.code, info)
    }

    /// Seconds after which to try again, rounded up; nil if the error does not say.
    var retryAfter: Int? {
        guard let delay = error.detail(Google_Rpc_RetryInfo.self)?.retryDelay else { return nil }
        return max(1, Int(min(delay.seconds, Self.longestRetry)) + (delay.nanos > 0 ? 1 : 0))
    }

    /// `{"code": 5, "message": "…", "details": […]}`
    func statusJSON(_ transcoder: Transcoder) -> [UInt8] {
        var text = "{\"code\":\(error.code.rawValue),\"message\":\(JSONText.quoted(error.message)),\"details\":["
        text += details(transcoder).joined(separator: ",") + "]}"
        return Array(text.utf8)
    }

    /// `{"type": …, "title": …, "status": …, "detail": …, "reason": …, "domain": …, "metadata": {…}, "errors": […]}`
    func problemJSON(_ transcoder: Transcoder, instance: String) -> [UInt8] {
        var text = "{\"type\":\(JSONText.quoted(problemName)),\"title\":\(JSONText.quoted("\(error.code)"))"
        text += ",\"status\":\(status),\"detail\":\(JSONText.quoted(error.message))"
        text += ",\"instance\":\(JSONText.quoted("urn:request:\(instance)"))"
        if let info {
            text += ",\"reason\":\(JSONText.quoted(info.reason)),\"domain\":\(JSONText.quoted(info.domain))"
            if !info.metadata.isEmpty {
                let pairs = info.metadata.sorted { $0.key < $1.key }
                    .map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
                text += ",\"metadata\":{\(pairs.joined(separator: ","))}"
            }
        }
        if let request = error.detail(Google_Rpc_BadRequest.self) {
            let violations = request.fieldViolations.map { violation in
                "{\"field\":\(JSONText.quoted(violation.field)),\"detail\":\(JSONText.quoted(violation.description_p))"
                    + (violation.reason.isEmpty ? "}" : ",\"reason\":\(JSONText.quoted(violation.reason))}")
            }
            text += ",\"errors\":[\(violations.joined(separator: ","))]"
        }
        let all = details(transcoder)
        if !all.isEmpty { text += ",\"details\":[\(all.joined(separator: ","))]" }
        return Array((text + "}").utf8)
    }

    /// A name, not an address: there is nothing to be fetched.
    private var problemName: String {
        guard let info else { return "about:blank" }
        return "urn:problem:\(info.domain):\(info.reason)"
    }

    /// The details that can be written, each with its type.
    private func details(_ transcoder: Transcoder) -> [String] {
        error.details.compactMap { detail in
            guard let slash = detail.typeURL.lastIndex(of: "/") else { return nil }
            let name = String(detail.typeURL[detail.typeURL.index(after: slash)...])
            guard name != Google_Rpc_DebugInfo.protoMessageName else { return nil }
            guard let json = Self.known(detail, name) ?? Self.foreign(detail, name, transcoder),
                json.hasPrefix("{")
            else { return nil }
            let type = "{\"@type\":\(JSONText.quoted("type.googleapis.com/\(name)"))"
            return json == "{}" ? type + "}" : "\(type),\(json.dropFirst())"
        }
    }

    private static let knownTypes: [any Message.Type] = [
        Google_Rpc_ErrorInfo.self, Google_Rpc_BadRequest.self, Google_Rpc_RetryInfo.self, Google_Rpc_QuotaFailure.self,
        Google_Rpc_PreconditionFailure.self, Google_Rpc_ResourceInfo.self, Google_Rpc_RequestInfo.self,
        Google_Rpc_Help.self, Google_Rpc_LocalizedMessage.self,
    ]

    private static func known(_ detail: Google_Protobuf_Any, _ name: String) -> String? {
        guard let type = knownTypes.first(where: { $0.protoMessageName == name }) else { return nil }
        func json<M: Message>(_ type: M.Type) -> String? { try? M(unpackingAny: detail).jsonString() }
        return json(type)
    }

    private static func foreign(
        _ detail: Google_Protobuf_Any, _ name: String, _ transcoder: Transcoder
    ) -> String? {
        guard let type = transcoder.messageType(named: name),
            let json = try? transcoder.json(fromProtobuf: Array(detail.value), as: type)
        else { return nil }
        return String(decoding: json, as: UTF8.self)
    }
}

/// Texts within JSON.
enum JSONText {
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends a JSON string.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        appendContent(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether a byte cannot stand in a JSON string as it is.
    static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Whether a text can stand in a JSON string as it is.
    static func isPlain(_ text: String) -> Bool {
        let isPlain = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            // No way out in the middle: so the compiler looks at many bytes at once.
            var found = false
            for index in 0..<bytes.count { found = unsafe mustEscape(bytes[index]) || found }
            return !found
        }
        return isPlain ?? !text.utf8.contains(where: mustEscape)
    }

    /// Appends what stands between the quotes.
    static func appendContent(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(hex[Int(byte >> 4)])
                bytes.append(hex[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
    }

    private static let hex = Array("0123456789abcdef".utf8)
}
