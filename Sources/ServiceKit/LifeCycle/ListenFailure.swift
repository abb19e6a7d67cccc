import Foundation
import NIOCore

/// Why an address cannot be listened on, in words.
enum ListenFailure {
    static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return switch error.errnoCode {
        case EADDRINUSE: "another program has it"
        case EACCES: "the system does not allow it"
        case EADDRNOTAVAIL: "this machine has no such address"
        default: unsafe String(cString: strerror(error.errnoCode))
        }
    }
}
