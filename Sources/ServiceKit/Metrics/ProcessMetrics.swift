#if canImport(Glibc)
    import Glibc
#endif

/// What the operating system knows of this process, under the names that all Prometheus clients use.
enum ProcessMetrics {
    private static let metrics: [ObservedMetric] = [
        ObservedMetric(
            .init(
                "process_cpu_seconds_total", help: "Processor time that the process has used.", unit: .seconds),
            .counter),
        ObservedMetric(
            .init(
                "process_resident_memory_bytes", help: "Memory of the process that is in RAM.", unit: .bytes)),
        ObservedMetric(
            .init(
                "process_virtual_memory_bytes", help: "Address space of the process.", unit: .bytes)),
        ObservedMetric(.init("process_threads", help: "Threads of the process.")),
        ObservedMetric(.init("process_open_fds", help: "Open file descriptors of the process.")),
        ObservedMetric(.init("process_max_fds", help: "File descriptors that the process may open.")),
        ObservedMetric(
            .init(
                "process_start_time_seconds", help: "When the process began, in seconds since 1970.", unit: .seconds)),
    ]

    /// Adds the metrics to a registry; on systems without `/proc` there are none.
    static func observe(in registry: PrometheusRegistry) {
        #if canImport(Glibc)
            let startTime = startTime()
            registry.observe(metrics) { read(startTime: startTime) }
        #endif
    }

    #if canImport(Glibc)
        private static func read(startTime: Double) -> [Double] {
            let stat = ProcessStat.current()
            return [
                stat.map { Double($0.processorTicks) / ticksPerSecond } ?? .nan,
                stat.map { Double($0.residentPages) * pageSize } ?? .nan,
                stat.map { Double($0.virtualBytes) } ?? .nan,
                stat.map { Double($0.threads) } ?? .nan,
                openDescriptors(),
                maxDescriptors(),
                startTime,
            ]
        }

        private static let ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        private static let pageSize = Double(max(1, sysconf(Int32(_SC_PAGESIZE))))

        /// The boot's time and the process's start after it.
        private static func startTime() -> Double {
            guard let stat = ProcessStat.current(), let text = SmallFile.read("/proc/stat", limit: 1 << 20),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
                let boot = Double(line.dropFirst(6))
            else { return .nan }
            return boot + Double(stat.startTicks) / ticksPerSecond
        }

        private static func openDescriptors() -> Double {
            guard let folder = unsafe opendir("/proc/self/fd") else { return .nan }
            defer { unsafe closedir(folder) }
            var count = 0
            while unsafe readdir(folder) != nil { count += 1 }
            // Without `.`, `..`, and the descriptor that this look itself takes.
            return Double(max(0, count - 3))
        }

        private static func maxDescriptors() -> Double {
            var limit = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .nan }
            return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
        }
    #endif
}

/// The fields of `/proc/self/stat` (proc(5)) that are measured.
struct ProcessStat: Equatable {
    var processorTicks: UInt64
    var threads: UInt64
    var startTicks: UInt64
    var virtualBytes: UInt64
    var residentPages: UInt64

    /// - Parameter text: The line; the program's name in it may hold blanks and parentheses, so fields count from the
    ///   last parenthesis.
    init?(_ text: some StringProtocol) {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split(separator: " ").dropFirst().map { UInt64($0) }
        guard fields.count > 21, let user = fields[11], let system = fields[12], let threads = fields[17],
            let start = fields[19], let virtual = fields[20], let resident = fields[21]
        else { return nil }
        processorTicks = user &+ system
        self.threads = threads
        startTicks = start
        virtualBytes = virtual
        residentPages = resident
    }

    static func current() -> ProcessStat? { SmallFile.read("/proc/self/stat", limit: 4096).flatMap { ProcessStat($0) } }
}

/// Reads files of the kernel, which are small and have no size.
enum SmallFile {
    static func read(_ path: String, limit: Int) -> String? {
        #if canImport(Glibc)
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            var bytes: [UInt8] = []
            while bytes.count < limit {
                let start = bytes.count
                let room = min(4096, limit - start)
                bytes.append(contentsOf: repeatElement(0, count: room))
                let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                    unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + start }, room)
                }
                bytes.removeLast(room - max(0, count))
                if count < 0 { return nil }
                if count == 0 { break }
            }
            return String(decoding: bytes, as: UTF8.self)
        #else
            return nil
        #endif
    }
}
