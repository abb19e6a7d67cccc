#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Nanoseconds since some moment: goes on while the machine sleeps, and never back.
enum MonotonicClock {
    // Asked several times a request, where Swift's own clock, in attoseconds of 128 bits, shows in profiles.
    @Sendable static func now() -> Int64 {
        var time = timespec()
        // Fails for unknown clocks only.
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Milliseconds since 1970, by this machine's clock.
extension WallClock {
    @Sendable static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
