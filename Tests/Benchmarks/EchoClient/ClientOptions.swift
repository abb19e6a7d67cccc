/// The command line of `wire-echo-client`.
struct ClientOptions {
    var port = 9006
    var seconds = 5.0
    var connections = 8
    /// Calls under way at once, over all connections.
    var concurrency = 256
    /// Messages of each server-streaming call; 0: unary calls.
    var streamCount = 0

    init(_ arguments: [String]) {
        var rest = arguments.dropFirst()
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { fatalError("\(flag) needs a value") }
            switch flag {
            case "--port": port = Int(value) ?? port
            case "--seconds": seconds = Double(value) ?? seconds
            case "--connections": connections = Int(value) ?? connections
            case "--concurrency": concurrency = Int(value) ?? concurrency
            case "--stream": streamCount = Int(value) ?? streamCount
            default: fatalError("unknown option \(flag)")
            }
        }
    }
}
