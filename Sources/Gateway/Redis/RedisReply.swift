import CHiredis

/// What Redis answers.
indirect enum RedisReply: Hashable, Sendable {
    case integer(Int64)
    case bytes([UInt8])
    case status(String)
    case null
    case array([RedisReply])
    /// A refusal of the command; the connection goes on.
    case error(String)

    /// The integers of an array; nil for another reply.
    var integers: [Int64]? {
        guard case .array(let elements) = self else { return nil }
        var numbers: [Int64] = []
        for element in elements {
            guard case .integer(let number) = element else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// Copies a reply out of hiredis's memory.
    ///
    /// - Parameter depth: Arrays in arrays; hiredis itself refuses more than seven.
    init(_ reply: UnsafeMutablePointer<redisReply>, depth: Int = 0) {
        let text = unsafe UnsafeRawBufferPointer(start: reply.pointee.str, count: Int(reply.pointee.len))
        switch unsafe reply.pointee.type {
        case REDIS_REPLY_INTEGER: self = unsafe .integer(reply.pointee.integer)
        case REDIS_REPLY_STRING: self = unsafe .bytes(Array(text))
        case REDIS_REPLY_STATUS: self = unsafe .status(String(decoding: text, as: UTF8.self))
        case REDIS_REPLY_ERROR: self = unsafe .error(String(decoding: text, as: UTF8.self))
        case REDIS_REPLY_ARRAY where depth < 8:
            var elements: [RedisReply] = []
            for index in 0..<Int(unsafe reply.pointee.elements) {
                if let element = unsafe reply.pointee.element[index] {
                    elements.append(unsafe RedisReply(element, depth: depth + 1))
                }
            }
            self = .array(elements)
        default: self = .null
        }
    }
}

/// Why there is no reply.
enum RedisFailure: Error, Hashable {
    /// There is no connection, and none can be made at the moment.
    case away(String)
    /// As many commands wait as may.
    case full
    /// The command was sent, and no reply came: it may have been done.
    case unanswered(String)
}
