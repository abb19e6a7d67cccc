import Foundation

/// Lets the suite of this machine fetch from networks for as long as the work takes: lines in the file that the scraping
/// role looks at (`allowed-addresses` in its data folder), which only the operator of the suite can write. Each line ends
/// by itself if nobody is left to take it out.
public final class AddressPermit: Sendable {
    /// The file's name in a data folder.
    public static let fileName = "allowed-addresses"
    /// Seconds that a line is good for; it is written anew long before.
    static let lifetime: Int64 = 600
    static let renewal = Duration.seconds(120)

    private let path: String
    private let networks: [String]
    private let mark: String

    /// Prepares a permit; `grant` writes it.
    ///
    /// - Parameter folder: The suite's data folder.
    public init(folder: String, networks: [String]) {
        path = "\(folder)/\(Self.fileName)"
        self.networks = networks
        mark = "# while datavault collect runs: \(UUID().uuidString.lowercased())"
    }

    /// Allows the networks, for the next minutes.
    ///
    /// - Throws: `CollectFailure` where the file cannot be written: whoever may not do that is not the operator.
    public func grant() throws(CollectFailure) {
        let until = Int64(Date().timeIntervalSince1970) + Self.lifetime
        try change { lines in lines + networks.map { "\($0) until=\(until) \(mark)" } }
    }

    /// Takes the permission back.
    public func revoke() { try? change { $0 } }

    /// Renews it until the task is cancelled.
    public func keep() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.renewal) } catch { return }
            try? grant()
        }
    }

    /// Replaces the file: the lines of others, as `edit` completes them. One process at a time.
    private func change(_ edit: ([String]) -> [String]) throws(CollectFailure) {
        let lock = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw failure() }
        defer { _ = close(lock) }
        guard flock(lock, LOCK_EX) == 0 else { throw failure() }
        let now = Int64(Date().timeIntervalSince1970)
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let others = old.split(separator: "\n").map(String.init).filter { !$0.hasSuffix(mark) && !Self.isOver($0, now) }
        let lines = edit(others)
        let pending = path + ".new"
        _ = unsafe unlink(pending)
        let file = unsafe open(pending, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure() }
        let bytes = Array((lines.joined(separator: "\n") + (lines.isEmpty ? "" : "\n")).utf8)
        let written = unsafe bytes.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        guard written == bytes.count, close(file) == 0, unsafe rename(pending, path) == 0 else { throw failure() }
    }

    /// Whether a line is of a work that ended without taking it out.
    private static func isOver(_ line: String, _ now: Int64) -> Bool {
        guard let word = line.split(separator: " ").first(where: { $0.hasPrefix("until=") }) else { return false }
        return Int64(word.dropFirst(6)).map { $0 <= now } ?? false
    }

    private func failure() -> CollectFailure {
        CollectFailure(
            .refused, "\(path) cannot be written: \(unsafe String(cString: strerror(errno)))",
            advice: "Only the operator of the suite allows networks: run this as the user who runs the suite, on its "
                + "machine, or set scrape.outbound.allow-addresses there.")
    }
}
