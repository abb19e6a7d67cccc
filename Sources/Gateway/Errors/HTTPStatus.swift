import GatewayContract
import PolicyModel
import Wire
import WireProtos

/// The HTTP statuses of errors.
enum HTTPStatus {
    /// The status of a code (google/rpc/code.proto).
    static func of(_ code: StatusCode) -> Int {
        switch code {
        case .ok: 200
        case .cancelled: 499
        case .invalidArgument, .failedPrecondition, .outOfRange: 400
        case .deadlineExceeded: 504
        case .notFound: 404
        case .alreadyExists, .aborted: 409
        case .permissionDenied: 403
        case .resourceExhausted: 429
        case .unimplemented: 501
        case .unavailable: 503
        case .unauthenticated: 401
        default: 500
        }
    }

    /// The status of an error: that of its code, unless it is a refusal of the edge's own for which HTTP has a better one.
    static func of(_ code: StatusCode, _ info: Google_Rpc_ErrorInfo?) -> Int {
        if let info, info.domain == Datavault_Gateway_V1_Reason.domain, let status = ofReasons[info.reason] {
            return status
        }
        return of(code)
    }

    private static let ofReasons: [String: Int] = {
        let statuses: [(Datavault_Gateway_V1_Reason, Int)] = [
            (.methodNotAllowed, 405), (.notAcceptable, 406), (.requestTimeout, 408), (.bodyTooLarge, 413),
            (.targetTooLong, 414), (.mediaTypeUnsupported, 415), (.headerTooLarge, 431),
        ]
        return Dictionary(uniqueKeysWithValues: statuses.map { ($0.0.reason, $0.1) })
    }()

    /// What an HTTP/1.1 status line says behind the number.
    static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 302: "Found"
        case 304: "Not Modified"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 499: "Client Closed Request"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}
