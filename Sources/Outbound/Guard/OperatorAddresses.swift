import Glibc
import Synchronization

/// Networks that the operator allows while the program runs, in a file that only the operator can write.
///
/// A line a network, `127.0.0.1/32`, with `until=` and seconds since 1970 behind it if it is allowed for a time only; what
/// follows `#` is a remark. The file is looked at for each connection and read when it has changed, so that what is
/// written there counts at once, and what is taken out no longer does. A file that belongs to another user, that others may
/// write to, or that holds anything else, allows nothing.
public final class OperatorAddresses: Sendable, Hashable {
    /// Bytes of a file that is read.
    public static let maximumBytes = 64 << 10

    /// Where the file is, or will be.
    public let path: String
    private let state = Mutex(State())

    private struct State {
        var stamp: Stamp?
        var entries: [Entry] = []
    }

    /// A network, and until when it is allowed.
    struct Entry: Equatable {
        var range: AddressRange
        /// Seconds since 1970; nil: for good.
        var until: Int64?
    }

    /// What changes when the file does.
    private struct Stamp: Equatable {
        var device: UInt64
        var node: UInt64
        var size: Int64
        var seconds: Int64
        var nanoseconds: Int64
    }

    /// Names a file, which need not be there.
    public init(path: String) { self.path = path }

    public static func == (one: OperatorAddresses, other: OperatorAddresses) -> Bool { one === other }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

    /// The networks that are allowed now.
    public var ranges: [AddressRange] { ranges(at: Int64(time(nil))) }

    func ranges(at seconds: Int64) -> [AddressRange] {
        state.withLock { state in
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else {
                state = State()
                return []
            }
            defer { _ = close(descriptor) }
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0, Self.isOperators(status) else {
                state = State()
                return []
            }
            let stamp = Stamp(
                device: UInt64(status.st_dev), node: UInt64(status.st_ino), size: Int64(status.st_size),
                seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int64(status.st_mtim.tv_nsec))
            if stamp != state.stamp {
                state.entries = Self.entries(Self.text(descriptor, Int(status.st_size))) ?? []
                state.stamp = stamp
            }
            return state.entries.filter { $0.until.map { seconds < $0 } ?? true }.map(\.range)
        }
    }

    private static func isOperators(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o022 == 0 && status.st_size <= maximumBytes
            && (status.st_uid == geteuid() || status.st_uid == 0)
    }

    private static func text(_ descriptor: Int32, _ size: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, size, 0) }
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    /// What a file allows; nil if a line is none.
    static func entries(_ text: String) -> [Entry]? {
        var entries: [Entry] = []
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard let first = words.first else { continue }
            guard let range = AddressRange(String(first)), words.count <= 2 else { return nil }
            var until: Int64?
            if words.count == 2 {
                guard words[1].hasPrefix("until="), let seconds = Int64(words[1].dropFirst(6)) else { return nil }
                until = seconds
            }
            entries.append(Entry(range: range, until: until))
        }
        return entries
    }
}
