import Foundation

/// Shows how far the work is: one line that changes where a terminal is, a line now and then where a file is.
public final class ProgressDisplay {
    private let isTerminal: Bool
    private let width: Int
    private let write: (String) -> Void
    private let now: () -> ContinuousClock.Instant
    private var lastLine = ContinuousClock.now
    private var lastText = ""
    private var isOpen = false

    /// Between two lines of a file.
    private static let interval = Duration.seconds(5)

    /// Makes a display.
    ///
    /// - Parameters:
    ///   - isTerminal: Whether lines can be written over.
    ///   - width: Characters of a line.
    ///   - write: Gets what is to be shown.
    public init(
        isTerminal: Bool, width: Int = 80, now: @escaping () -> ContinuousClock.Instant = { .now },
        write: @escaping (String) -> Void
    ) {
        (self.isTerminal, self.width, self.write, self.now) = (isTerminal, max(width, 20), write, now)
    }

    /// A step that begins: a line that stays.
    public func step(_ text: String) {
        close()
        write("\(text)\n")
        (lastLine, lastText) = (now(), "")
    }

    /// How far the step is.
    ///
    /// - Parameter isLast: Whether nothing follows: shown in any case.
    public func update(_ text: String, isLast: Bool = false) {
        if isTerminal {
            write("\r\u{1B}[K  \(text.prefix(width - 3))")
            isOpen = true
            if isLast { close() }
        } else if text != lastText, isLast || now() - lastLine >= Self.interval {
            write("  \(text)\n")
            (lastLine, lastText) = (now(), text)
        }
    }

    /// Ends a line that could still change.
    public func close() {
        guard isOpen else { return }
        write("\n")
        isOpen = false
    }
}
