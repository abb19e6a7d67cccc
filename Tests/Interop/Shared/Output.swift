import Foundation

/// Writes a line to standard output at once: what waits for it sees it through a file or a pipe, which `print` would
/// fill block by block.
public func writeLine(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Tells on standard error why the program failed, and ends it with `code`.
public func fail(_ reason: String, code: Int32 = 1) -> Never {
    FileHandle.standardError.write(Data((reason + "\n").utf8))
    exit(code)
}
