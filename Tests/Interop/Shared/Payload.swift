import Foundation
public import InteropProtos
import SwiftProtobuf

extension Grpc_Testing_Payload {
    /// A payload of `size` zero bytes, which is what all interop cases send.
    public static func zeros(_ size: Int) -> Self {
        .with { $0.body = Data(count: size) }
    }
}
