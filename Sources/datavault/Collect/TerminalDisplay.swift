import CollectTool
import Foundation

/// Progress on standard error, so that standard output has the result alone.
enum TerminalDisplay {
    static func make(isQuiet: Bool) -> ProgressDisplay {
        let isTerminal = isatty(STDERR_FILENO) == 1
        var size = winsize()
        let isKnown = unsafe isTerminal && ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return ProgressDisplay(isTerminal: isTerminal, width: isKnown ? Int(size.ws_col) : 80) { text in
            if !isQuiet { FileHandle.standardError.write(Data(text.utf8)) }
        }
    }
}
