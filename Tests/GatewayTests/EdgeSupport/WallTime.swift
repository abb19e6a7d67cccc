import Foundation

enum WallTime {
    static func milliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
