/// The time of day.
enum WallClock {
    /// Since 1970.
    static func seconds() -> Int { Int(now() / 1_000) }

    /// Since 1970.
    static func milliseconds() -> Int { Int(now()) }

    /// As `2026-03-31T09:08:07.006Z`.
    static func text(_ milliseconds: Int) -> String {
        let seconds = milliseconds / 1_000
        let (year, month, day) = CivilDate.day(seconds)
        let (time, fraction) = (seconds % 86_400, milliseconds % 1_000)
        let zeros = fraction < 10 ? "00" : fraction < 100 ? "0" : ""
        return "\(year)-\(HTTPDate.two(month))-\(HTTPDate.two(day))T\(HTTPDate.two(time / 3_600)):"
            + "\(HTTPDate.two(time / 60 % 60)):\(HTTPDate.two(time % 60)).\(zeros)\(fraction)Z"
    }
}
