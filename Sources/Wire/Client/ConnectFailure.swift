import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a connection did not come up, said once and for people: NIO's errors nest, and repeat the address.
struct ConnectFailure {
    let message: String
    /// What programs may look at; nil where the message says all.
    var cause: (any Error)?

    init(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError:
            if let last = error.connectionErrors.last {
                self = ConnectFailure(last.error)
            } else {
                message = "cannot resolve \(error.host)"
            }
        case let error as IOError: message = unsafe String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout(let amount):
            message = "no connection in time (\(amount.nanoseconds / 1_000_000) ms)"
        case let error as TLSError:
            message = error.description
            cause = error
        default: message = "\(error)"
        }
    }
}
