import SwiftProtobuf
import Transcoding
import WireProtos

/// One of the details of a status: https://google.aip.dev/193.
struct FailureDetail: Sendable {
    /// For people.
    let lines: [String]
    /// An object with `@type`.
    let json: String

    init(_ detail: Google_Protobuf_Any, schema: Schema?) {
        for type in Self.known where detail.isA(type) {
            guard let message = try? type.init(serializedBytes: detail.value), let text = try? message.jsonString()
            else {
                break
            }
            (lines, json) = (Self.lines(of: message), Self.typed(detail.typeURL, text))
            return
        }
        let name = String(detail.typeURL.split(separator: "/").last ?? "")
        if let schema, let type = schema.pool.messageType(named: name),
            let bytes = try? Transcoder(pool: schema.pool).json(fromProtobuf: [UInt8](detail.value), as: type)
        {
            let text = String(decoding: bytes, as: UTF8.self)
            (lines, json) = (["\(name) \(text)"], Self.typed(detail.typeURL, text))
            return
        }
        let encoded = Base64Text.encode(detail.value.prefix(Self.maxUnknown))
        lines = ["\(detail.typeURL) (\(detail.value.count) bytes, of a type that is not known here)"]
        json = Self.typed(detail.typeURL, "{\"value\":\(JSONText.string(encoded))}")
    }

    /// Whether a detail can be shown without a schema.
    static func knows(_ detail: Google_Protobuf_Any) -> Bool { known.contains { detail.isA($0) } }

    /// Bytes shown of what cannot be read.
    private static let maxUnknown = 4_096

    private static let known: [any Message.Type] = [
        Google_Rpc_ErrorInfo.self, Google_Rpc_BadRequest.self, Google_Rpc_RetryInfo.self, Google_Rpc_DebugInfo.self,
        Google_Rpc_QuotaFailure.self, Google_Rpc_PreconditionFailure.self, Google_Rpc_RequestInfo.self,
        Google_Rpc_ResourceInfo.self, Google_Rpc_Help.self, Google_Rpc_LocalizedMessage.self,
    ]

    /// An object with its type in front, as the JSON of Any has it.
    private static func typed(_ url: String, _ object: String) -> String {
        let rest = object.dropFirst()
        return "{\"@type\":\(JSONText.string(url))" + (rest == "}" ? "}" : ",\(rest)")
    }

    private static func lines(of message: any Message) -> [String] {
        switch message {
        case let info as Google_Rpc_ErrorInfo:
            let metadata = info.metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            return ["reason: \(info.reason) (\(info.domain))\(metadata)"]
        case let request as Google_Rpc_BadRequest:
            return request.fieldViolations.map { violation in
                "\(violation.field): \(violation.description_p)"
                    + (violation.reason.isEmpty ? "" : " (\(violation.reason))")
            }
        case let retry as Google_Rpc_RetryInfo:
            let delay = Double(retry.retryDelay.seconds) + Double(retry.retryDelay.nanos) / 1e9
            return ["try again in \(delay) s"]
        case let debug as Google_Rpc_DebugInfo: return [debug.detail] + debug.stackEntries
        case let quota as Google_Rpc_QuotaFailure:
            return quota.violations.map { "quota of \($0.subject): \($0.description_p)" }
        case let failure as Google_Rpc_PreconditionFailure:
            return failure.violations.map { "\($0.type) of \($0.subject): \($0.description_p)" }
        case let request as Google_Rpc_RequestInfo: return ["request: \(request.requestID)"]
        case let resource as Google_Rpc_ResourceInfo:
            return ["\(resource.resourceType) \(resource.resourceName): \(resource.description_p)"]
        case let help as Google_Rpc_Help: return help.links.map { "see \($0.url) (\($0.description_p))" }
        case let text as Google_Rpc_LocalizedMessage: return [text.message]
        default: return []
        }
    }
}
