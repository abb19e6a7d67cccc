import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads a file, line by line or at once. One task reads at a time.
///
/// Reading blocks, so it happens on a queue of its own: a line that nobody types must not keep replies from being shown.
///
/// Unchecked, as the compiler does not see that `buffer`, `end` and `lineNumber` are used on `queue` only.
final class LineReader: @unchecked Sendable {
    let name: String
    private let descriptor: Int32
    private let closes: Bool
    private let limit: Int
    private let queue = DispatchQueue(label: "datavault.call.input")
    private var buffer: [UInt8]
    private var isAtEnd: Bool
    /// How many lines have been taken.
    private var lineNumber = 0

    /// What one read(2) asks for.
    private static let pieceSize = 64 * 1024

    init(_ bytes: [UInt8], name: String, limit: Int) {
        (buffer, self.name, self.limit) = (bytes, name, limit)
        (descriptor, closes, isAtEnd) = (-1, false, true)
    }

    init(descriptor: Int32, name: String, limit: Int) {
        (buffer, self.name, self.limit) = ([], name, limit)
        (self.descriptor, closes, isAtEnd) = (descriptor, false, false)
    }

    init(path: String, limit: Int) throws {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CallToolError.usage("cannot read \(path): \(reason)")
        }
        (buffer, name, self.limit) = ([], path, limit)
        (closes, isAtEnd) = (true, false)
    }

    deinit { if closes { _ = close(descriptor) } }

    /// The next line that is not blank, with its number; nil at the end.
    func line() async throws -> (bytes: [UInt8], number: Int)? {
        try await onQueue { try self.nextLine() }
    }

    /// All that is left.
    func rest() async throws -> [UInt8] {
        try await onQueue {
            while !self.isAtEnd { try self.fill() }
            try self.checkSize(self.buffer.count)
            return self.buffer
        }
    }

    private func onQueue<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    private func nextLine() throws -> (bytes: [UInt8], number: Int)? {
        var searched = 0
        while true {
            if let feed = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<feed])
                buffer.removeFirst(feed + 1)
                searched = 0
                lineNumber += 1
                if !Self.isBlank(line) { return (line, lineNumber) }
                continue
            }
            searched = buffer.count
            try checkSize(buffer.count)
            if isAtEnd {
                defer { buffer = [] }
                lineNumber += 1
                return Self.isBlank(buffer) ? nil : (buffer, lineNumber)
            }
            try fill()
        }
    }

    private func fill() throws {
        try checkSize(buffer.count)
        var piece = [UInt8](repeating: 0, count: Self.pieceSize)
        let count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { return }
        guard count >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CallToolError.usage("cannot read \(name): \(reason)")
        }
        if count == 0 { isAtEnd = true }
        buffer.append(contentsOf: piece.prefix(count))
    }

    private func checkSize(_ count: Int) throws {
        guard count > limit else { return }
        throw CallToolError.usage(
            "\(name) has over \(limit) bytes of JSON in one message", next: "raise --max-message-size")
    }

    private static func isBlank(_ line: [UInt8]) -> Bool { line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}
