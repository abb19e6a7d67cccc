#if canImport(Glibc)
    import Glibc
#else
    import FoundationEssentials
#endif

/// The time of day as of the last tick of the system's clock, some milliseconds ago at most: what tells whether a principal
/// that is good for a minute has ended needs no more, and costs a tenth of the exact time.
enum CoarseClock {
    /// Milliseconds since 1970.
    static func milliseconds() -> Int64 {
        #if canImport(Glibc)
            var time = timespec()
            guard unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time) == 0 else { return 0 }
            return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
        #else
            return Int64(Date().timeIntervalSince1970 * 1_000)
        #endif
    }
}
