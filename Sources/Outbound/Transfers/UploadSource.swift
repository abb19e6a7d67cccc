internal import CCurl
import Foundation
internal import Glibc
import Synchronization

/// Where libcurl's read callback takes a request's body from. Used on the loop's thread.
protocol UploadSource: AnyObject {
    /// Bytes in all, if known.
    var length: Int64? { get }
    func read(into buffer: UnsafeMutableRawBufferPointer) -> UploadRead
    /// Goes to a place in the body, for it to be sent again from there; false if that cannot be.
    func seek(to offset: Int64) -> Bool
    func close()
}

enum UploadRead {
    case bytes(Int)
    case end
    case wait
    case failed(String)
}

final class BytesUpload: UploadSource {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var length: Int64? { Int64(bytes.count) }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> UploadRead {
        let count = min(buffer.count, bytes.count - position)
        guard count > 0 else { return .end }
        unsafe bytes.withUnsafeBytes { source in
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[position..<position + count]))
        }
        position += count
        return .bytes(count)
    }

    func seek(to offset: Int64) -> Bool {
        guard (0...Int64(bytes.count)).contains(offset) else { return false }
        position = Int(offset)
        return true
    }

    func close() {}
}

/// A file's part. Reading it holds the loop up for as long as the disk takes for one buffer.
final class FileUpload: UploadSource {
    private let descriptor: Int32
    private let start: Int64
    private let count: Int64
    private var position: Int64 = 0
    private var isOpen = true

    init(path: String, offset: Int64, length: Int64?) throws(OutboundError) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw OutboundError(.requestBodyFailed, "the body's file cannot be opened: \(Self.message(errno))")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, offset >= 0,
            offset <= status.st_size, length.map({ $0 >= 0 && $0 <= Int64(status.st_size) - offset }) ?? true
        else {
            _ = Glibc.close(descriptor)
            throw OutboundError(.requestBodyFailed, "the body's file is no regular file, or shorter than asked for")
        }
        start = offset
        count = length ?? Int64(status.st_size) - offset
    }

    var length: Int64? { count }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> UploadRead {
        let wanted = min(Int64(buffer.count), count - position)
        guard wanted > 0 else { return .end }
        let result = unsafe pread(descriptor, buffer.baseAddress, Int(wanted), off_t(start + position))
        guard result > 0 else {
            return .failed(result == 0 ? "the body's file became shorter" : Self.message(errno))
        }
        position += Int64(result)
        return .bytes(result)
    }

    func seek(to offset: Int64) -> Bool {
        guard (0...count).contains(offset) else { return false }
        position = offset
        return true
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        _ = Glibc.close(descriptor)
    }

    deinit { close() }

    private static func message(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

/// A body that comes in chunks: a task reads the sequence, and waits while the buffer is full.
final class StreamUpload: UploadSource, Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        /// Bytes of the first chunk that are sent.
        var offset = 0
        var buffered = 0
        var given: Int64 = 0
        var isOver = false
        var failure: String?
        var isWaitedFor = false
        var spaceWaiter: CheckedContinuation<Void, Never>?
        var pump: Task<Void, Never>?
    }

    let length: Int64?
    private let state = Mutex(State())
    private let capacity: Int

    init(length: Int64?, capacity: Int) {
        self.length = length
        self.capacity = max(capacity, 1)
    }

    /// Begins to read the sequence; `wake` is called when the loop, told to wait, may go on.
    func start(
        _ chunks: @escaping @Sendable () -> any AsyncSequence<[UInt8], any Error> & Sendable,
        wake: @escaping @Sendable () -> Void
    ) {
        let pump = Task.detached { [self] in
            do {
                try await Self.pump(chunks(), into: self, wake: wake)
                end(failure: nil, wake)
            } catch {
                end(failure: "the body's sequence failed: \(type(of: error))", wake)
            }
        }
        state.withLock { $0.pump = pump }
    }

    private static func pump(
        _ sequence: some AsyncSequence<[UInt8], any Error>, into upload: StreamUpload, wake: @Sendable () -> Void
    ) async throws {
        for try await chunk in sequence where !chunk.isEmpty {
            upload.append(chunk, wake)
            await upload.waitForSpace()
            try Task.checkCancellation()
        }
    }

    private func append(_ chunk: [UInt8], _ wake: () -> Void) {
        let isWaitedFor = state.withLock { state in
            state.chunks.append(chunk)
            state.buffered += chunk.count
            state.given += Int64(chunk.count)
            if let length, state.given > length { state.failure = "the body is longer than its \(length) bytes" }
            defer { state.isWaitedFor = false }
            return state.isWaitedFor
        }
        if isWaitedFor { wake() }
    }

    private func waitForSpace() async {
        await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
            let goesOn = state.withLock { state in
                if state.buffered < capacity || state.isOver { return true }
                state.spaceWaiter = waiter
                return false
            }
            if goesOn { waiter.resume() }
        }
    }

    private func end(failure: String?, _ wake: () -> Void) {
        let isWaitedFor = state.withLock { state in
            state.isOver = true
            state.failure = state.failure ?? failure
            defer { state.isWaitedFor = false }
            return state.isWaitedFor
        }
        if isWaitedFor { wake() }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> UploadRead {
        var waiter: CheckedContinuation<Void, Never>?
        let read = state.withLock { state -> UploadRead in
            if let failure = state.failure { return .failed(failure) }
            guard let chunk = state.chunks.first else {
                if state.isOver { return .end }
                state.isWaitedFor = true
                return .wait
            }
            let count = min(buffer.count, chunk.count - state.offset)
            unsafe chunk.withUnsafeBytes {
                unsafe buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[state.offset..<state.offset + count]))
            }
            state.offset += count
            state.buffered -= count
            if state.offset == chunk.count {
                state.chunks.removeFirst()
                state.offset = 0
            }
            if state.buffered < capacity { (waiter, state.spaceWaiter) = (state.spaceWaiter, nil) }
            return .bytes(count)
        }
        waiter?.resume()
        return read
    }

    /// Only at the beginning, where there is nothing to go back to.
    func seek(to offset: Int64) -> Bool { false }

    func close() {
        let (pump, waiter) = state.withLock { state in
            state.isOver = true
            state.chunks = []
            state.buffered = 0
            defer { state.spaceWaiter = nil }
            return (state.pump, state.spaceWaiter)
        }
        pump?.cancel()
        waiter?.resume()
    }
}
