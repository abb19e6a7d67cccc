import Foundation
package import Synchronization

/// Writes lines to a file descriptor from a thread of its own, so that no caller waits for whoever reads them.
///
/// What waits is bounded; lines beyond the bound are dropped and counted.
public final class LogOutput: @unchecked Sendable {
    private let descriptor: Int32
    private let capacity: Int
    // Guards the rest.
    private let condition = NSCondition()
    private var waiting: [UInt8] = []
    private var isWriting = false
    private var unreported = 0
    private let droppedLines = Atomic(0)

    /// What all loggers of the process write to, where they write JSON and what is worth `info`: for those who write so
    /// much that a logger would cost more than the work it tells of. Set once, by `LogSettings.bootstrap`.
    package static let ofProcess = Mutex<LogOutput?>(nil)

    /// Lines dropped since the start.
    public var dropped: Int { droppedLines.load(ordering: .relaxed) }

    /// Starts the thread, which lives as long as the process.
    ///
    /// - Parameter capacity: Bytes that may wait.
    public init(descriptor: Int32 = 2, capacity: Int) {
        (self.descriptor, self.capacity) = (descriptor, capacity)
        let thread = Thread { [self] in writeForever() }
        thread.name = "log"
        thread.start()
    }

    /// Takes a line, or several, without the last one's end, or drops all.
    package func write(_ line: [UInt8]) {
        condition.withLock {
            guard waiting.count + line.count < capacity else {
                unreported += 1
                droppedLines.add(1, ordering: .relaxed)
                return
            }
            waiting.append(contentsOf: line)
            waiting.append(UInt8(ascii: "\n"))
            condition.signal()
        }
    }

    /// Waits until all lines are written, at most as long as given.
    public func flush(within limit: Duration = .seconds(2)) {
        let deadline = Date(timeIntervalSinceNow: Double(limit.nanoseconds) / 1e9)
        condition.withLock {
            while !waiting.isEmpty || isWriting {
                guard condition.wait(until: deadline) else { return }
            }
        }
    }

    private func writeForever() {
        var lines: [UInt8] = []
        while true {
            condition.lock()
            isWriting = false
            condition.broadcast()
            while waiting.isEmpty, unreported == 0 { condition.wait() }
            swap(&lines, &waiting)
            waiting.removeAll(keepingCapacity: true)
            if unreported > 0 {
                lines.append(
                    contentsOf: Array("{\"level\":\"warning\",\"message\":\"\(unreported) log lines dropped\"}\n".utf8))
                unreported = 0
            }
            isWriting = true
            condition.unlock()
            writeOut(lines)
            lines.removeAll(keepingCapacity: lines.count < 64 << 10)
        }
    }

    private func writeOut(_ lines: [UInt8]) {
        unsafe lines.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                let count = unsafe Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    done += count
                } else if errno == EAGAIN {
                    Thread.sleep(forTimeInterval: 0.01)
                } else if errno != EINTR {
                    // Nobody reads any more.
                    return
                }
            }
        }
    }
}
