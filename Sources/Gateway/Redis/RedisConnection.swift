import CHiredis

#if canImport(Glibc)
    import Glibc
#endif

/// One connection to a Redis, in blocking mode: used on one queue at a time, which its owner sees to.
@safe
final class RedisConnection {
    // Freed in `deinit`, and reached by nobody else.
    private let context: UnsafeMutablePointer<redisContext>

    /// hiredis writes to sockets whose other end is gone, and the signal of that ends a process which does not ignore it,
    /// as those with NIO's sockets do.
    private static let ignoresBrokenPipes: Bool = {
        _ = signal(SIGPIPE, SIG_IGN)
        return true
    }()

    /// Connects, and logs in.
    init(_ address: RedisAddress, connectTimeout: Duration, commandTimeout: Duration) throws(RedisFailure) {
        _ = Self.ignoresBrokenPipes
        let timeout = connectTimeout.timeValue
        let made: UnsafeMutablePointer<redisContext>? =
            switch address.endpoint {
            case .tcp(let host, let port): unsafe redisConnectWithTimeout(host, port, timeout)
            case .unix(let path): unsafe redisConnectUnixWithTimeout(path, timeout)
            }
        guard let made = unsafe made else { throw .away("no memory for a connection") }
        unsafe context = unsafe made
        guard unsafe context.pointee.err == 0 else { throw .away(unsafe Self.problem(context)) }
        _ = unsafe redisSetTimeout(context, commandTimeout.timeValue)
        // A socket of a file knows no keep-alive, and hiredis takes that for a failure of the connection.
        if case .tcp = address.endpoint { _ = unsafe redisEnableKeepAlive(context) }
        var commands: [RedisCommand] = []
        if let password = address.password {
            commands.append(RedisCommand(["AUTH"] + (address.user.map { [$0] } ?? []) + [password]))
        }
        if address.database != 0 { commands.append(RedisCommand(["SELECT", String(address.database)])) }
        commands.append(RedisCommand(["PING"]))
        do throws(RedisFailure) {
            for case .error(let text) in try run(commands) { throw RedisFailure.away(text) }
        } catch {
            throw .away("\(error)")
        }
    }

    deinit { unsafe redisFree(context) }

    /// Sends commands together and waits for all replies.
    ///
    /// - Throws: `unanswered`; the connection is of no use after that.
    func run(_ commands: [RedisCommand]) throws(RedisFailure) -> [RedisReply] {
        for command in commands {
            guard unsafe command.append(to: context) else { throw .unanswered(unsafe Self.problem(context)) }
        }
        var replies: [RedisReply] = []
        for _ in commands {
            var reply: UnsafeMutableRawPointer?
            guard unsafe redisGetReply(context, &reply) == REDIS_OK, let reply = unsafe reply else {
                throw .unanswered(unsafe Self.problem(context))
            }
            defer { unsafe freeReplyObject(reply) }
            replies.append(unsafe RedisReply(reply.assumingMemoryBound(to: redisReply.self)))
        }
        return replies
    }

    private static func problem(_ context: UnsafeMutablePointer<redisContext>) -> String {
        let text = unsafe withUnsafeBytes(of: context.pointee.errstr) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return text.isEmpty ? "no reply" : text
    }
}

/// A command: its name and arguments, as bytes.
struct RedisCommand: Sendable {
    private let arguments: [[UInt8]]

    init(_ arguments: [String]) { self.arguments = arguments.map { Array($0.utf8) } }

    /// Puts the command into the connection's buffer.
    fileprivate func append(to context: UnsafeMutablePointer<redisContext>) -> Bool {
        // One stretch of memory for all arguments, so that one borrow covers every pointer.
        let joined = arguments.flatMap(\.self)
        let lengths = arguments.map(\.count)
        return unsafe joined.withUnsafeBytes { bytes in
            let base = unsafe bytes.bindMemory(to: CChar.self)
            var pointers: [UnsafePointer<CChar>?] = unsafe []
            var offset = 0
            for length in lengths {
                unsafe pointers.append(base.baseAddress.map { unsafe $0 + offset })
                offset += length
            }
            return unsafe redisAppendCommandArgv(context, Int32(lengths.count), &pointers, lengths) == REDIS_OK
        }
    }
}

extension Duration {
    /// As the C library has it.
    fileprivate var timeValue: timeval {
        gateway_timeval(Int(components.seconds), Int(components.attoseconds / 1_000_000_000_000))
    }
}
