import Foundation

/// Standard output, unbuffered: whoever waits for a line may read a pipe.
enum StandardOutput {
    static func write(_ lines: [String]) {
        FileHandle.standardOutput.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    }
}
