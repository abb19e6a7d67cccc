import Foundation
import Persistence

extension SystemReason { static let bench = SystemReason("measure") }

/// How often something happened, and what each cost this process.
struct Rate {
    var perSecond: Double
    var processorMicroseconds: Double

    static func measure(_ body: () async throws -> Int) async rethrows -> Rate {
        let clock = ContinuousClock()
        let (begin, used) = (clock.now, processorSeconds)
        let count = Double(try await body())
        return Rate(
            perSecond: count / ((clock.now - begin) / .seconds(1)),
            processorMicroseconds: (processorSeconds - used) / count * 1e6)
    }

    private static var processorSeconds: Double {
        var usage = rusage()
        unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}

/// What the disk can do.
enum DiskCeiling {
    static func syncs(in folder: URL, seconds: Double) async throws -> Rate {
        let file = folder.appending(path: "sync-\(UUID().uuidString)").path
        let descriptor = unsafe open(file, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw POSIXError(.EIO) }
        defer {
            close(descriptor)
            unsafe unlink(file)
        }
        let block = [UInt8](repeating: 7, count: 4096)
        return try await Rate.measure {
            let clock = ContinuousClock()
            let begin = clock.now
            var count = 0
            while clock.now - begin < .seconds(seconds) {
                guard unsafe write(descriptor, block, block.count) == block.count, fdatasync(descriptor) == 0 else {
                    throw POSIXError(.EIO)
                }
                count += 1
            }
            return count
        }
    }
}

/// What the store can do, without a queue.
enum StoreCeiling {
    static let migration = Migration(
        "001 numbers", up: [.sql("CREATE TABLE numbers (n BIGINT NOT NULL)")], down: [.sql("DROP TABLE numbers")])

    static func sequential(_ store: Store, seconds: Double) async throws -> Rate {
        try await rate(store, callers: 1, seconds: seconds)
    }

    static func together(_ store: Store, callers: Int, seconds: Double) async throws -> Rate {
        try await rate(store, callers: callers, seconds: seconds)
    }

    private static func rate(_ store: Store, callers: Int, seconds: Double) async throws -> Rate {
        let clock = ContinuousClock()
        let (begin, handle) = (clock.now, store.system(.bench))
        return try await Rate.measure {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<callers {
                    group.addTask {
                        var count = 0
                        while clock.now - begin < .seconds(seconds) {
                            try await handle.write(.readCommitted) { tx in
                                _ = try tx.run("INSERT INTO numbers (n) VALUES (\(1))")
                            }
                            count += 1
                        }
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
        }
    }
}
