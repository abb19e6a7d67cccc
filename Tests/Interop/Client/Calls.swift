import InteropProtos
import NIOCore
import Wire

extension CallOptions {
    /// Options of a call that is not meant to run into its deadline. No case takes this long; it turns a hang into a
    /// failure.
    static func within(_ timeout: TimeAmount = .seconds(30), metadata: Metadata = Metadata()) -> CallOptions {
        var options = CallOptions()
        options.timeout = timeout
        options.metadata = metadata
        return options
    }
}
