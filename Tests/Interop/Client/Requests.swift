import InteropProtos
import InteropShared
import SwiftProtobuf

/// The sizes that the suite names.
enum Sizes {
    static let largeRequest = 271_828
    static let largeResponse = 314_159
    static let requests = [27_182, 8, 1_828, 45_904]
    static let responses = [31_415, 9, 2_653, 58_979]
}

func largeRequest(
    _ requestSize: Int = Sizes.largeRequest,
    _ responseSize: Int = Sizes.largeResponse
) -> Grpc_Testing_SimpleRequest {
    .with {
        $0.responseSize = Int32(clamping: responseSize)
        $0.payload = .zeros(requestSize)
    }
}

/// Asks for responses of `sizes`, with a payload of `payload` bytes if there is to be one.
func outputRequest(_ sizes: [Int], payload: Int? = nil) -> Grpc_Testing_StreamingOutputCallRequest {
    .with {
        $0.responseParameters = sizes.map { size in .with { $0.size = Int32(clamping: size) } }
        if let payload { $0.payload = .zeros(payload) }
    }
}

func echoStatus(_ message: String) -> Grpc_Testing_EchoStatus {
    .with {
        $0.code = 2
        $0.message = message
    }
}
