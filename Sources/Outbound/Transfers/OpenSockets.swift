internal import Glibc

/// The sockets that libcurl has been given, to be counted.
///
/// libcurl 7.88 tells of sockets that it closes only once they had been connected. The others are found out by their
/// inode: a descriptor that is closed, or stands for another file, is no longer ours.
//
// Unchecked: used by the loop's thread only.
@safe
final class OpenSockets: @unchecked Sendable {
    private var inodes: [Int32: UInt] = [:]
    private let metrics: OutboundMetrics

    init(_ metrics: OutboundMetrics) { self.metrics = metrics }

    func opened(_ descriptor: Int32) {
        inodes[descriptor] = Self.inode(of: descriptor)
        metrics.record(connections: inodes.count)
    }

    func closed(_ descriptor: Int32) {
        inodes[descriptor] = nil
        metrics.record(connections: inodes.count)
    }

    /// Forgets those that were closed in silence.
    func check(_ descriptors: [Int32]) {
        for descriptor in descriptors where inodes[descriptor] != Self.inode(of: descriptor) {
            inodes[descriptor] = nil
        }
        metrics.record(connections: inodes.count)
    }

    func checkAll() { check(Array(inodes.keys)) }

    private static func inode(of descriptor: Int32) -> UInt? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? status.st_ino : nil
    }
}
