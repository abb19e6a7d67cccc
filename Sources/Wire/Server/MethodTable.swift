/// A method as a running server knows it.
//
// Immutable after the server's start.
final class RegisteredMethod: Sendable {
    let descriptor: MethodDescriptor
    let invoke: Router.Invocation
    /// The interceptors that apply, in order.
    let interceptors: [any ServerInterceptor]
    let metrics: MethodMetrics?

    init(
        descriptor: MethodDescriptor,
        invoke: @escaping Router.Invocation,
        interceptors: [any ServerInterceptor],
        metrics: MethodMetrics?
    ) {
        self.descriptor = descriptor
        self.invoke = invoke
        self.interceptors = interceptors
        self.metrics = metrics
    }
}

/// Finds methods by the bytes of `:path`, without making a `String`.
struct MethodTable: Sendable {
    private var buckets: [[(path: [UInt8], method: RegisteredMethod)]]
    private let mask: Int

    init(_ methods: [RegisteredMethod]) {
        var size = 16
        while size < methods.count * 2 { size *= 2 }
        mask = size - 1
        buckets = Array(repeating: [], count: size)
        for method in methods {
            let path = Array(method.descriptor.path.utf8)
            let index = unsafe path.withUnsafeBytes { unsafe Self.hash($0) } & mask
            buckets[index].append((path, method))
        }
    }

    func find(_ path: UnsafeRawBufferPointer) -> RegisteredMethod? {
        for entry in unsafe buckets[Self.hash(path) & mask] where entry.path.count == path.count {
            let isSame = unsafe entry.path.withUnsafeBytes {
                unsafe wireEqual($0.baseAddress, path.baseAddress, path.count)
            }
            if isSame { return entry.method }
        }
        return nil
    }

    /// Of the length and the last sixteen bytes, where methods differ. Paths are chosen by the server's owner, so nobody
    /// can flood a bucket.
    private static func hash(_ path: UnsafeRawBufferPointer) -> Int {
        var hash = UInt64(truncatingIfNeeded: path.count)
        if path.count >= 16 {
            let end = path.count
            hash ^= unsafe path.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) &* 0x9E37_79B9_7F4A_7C15
            hash ^= unsafe path.loadUnaligned(fromByteOffset: end - 16, as: UInt64.self) &* 0xC2B2_AE3D_27D4_EB4F
        } else {
            unsafe path.forEach { hash = (hash ^ UInt64($0)) &* 0x9E37_79B9_7F4A_7C15 }
        }
        hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: (hash >> 32) & 0x7FFF_FFFF)
    }
}
