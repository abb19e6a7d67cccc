import CNghttp2

/// A header block that never changes, made once: submitting it copies nothing.
//
// @safe, unchecked: the memory is never changed and never freed.
@safe
final class StaticHeaderBlock: @unchecked Sendable {
    let fields: UnsafePointer<nghttp2_nv>
    let count: Int

    /// The head of a gRPC reply without metadata.
    static let grpcReply = StaticHeaderBlock([(":status", "200"), ("content-type", "application/grpc")])
    /// The trailers of a call that succeeded.
    static let grpcStatusOK = StaticHeaderBlock([("grpc-status", "0")])

    private init(_ list: [(StaticString, StaticString)]) {
        let flags = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
        let memory = UnsafeMutablePointer<nghttp2_nv>.allocate(capacity: list.count)
        for (index, (name, value)) in list.enumerated() {
            unsafe (memory + index).initialize(
                to: nghttp2_nv(
                    name: UnsafeMutablePointer(mutating: name.utf8Start),
                    value: UnsafeMutablePointer(mutating: value.utf8Start),
                    namelen: name.utf8CodeUnitCount,
                    valuelen: value.utf8CodeUnitCount,
                    flags: flags
                )
            )
        }
        unsafe fields = UnsafePointer(memory)
        count = list.count
    }
}
