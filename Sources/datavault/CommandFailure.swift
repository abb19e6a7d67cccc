import ArgumentParser
import Foundation

/// Why a command could not do its work, for whoever ran it.
enum CommandFailure {
    /// Writes the reason to standard error, and gives the code to end with: 2, as 1 is the answer of a comparison.
    static func exit(_ reason: String) -> ExitCode {
        FileHandle.standardError.write(Data("datavault: \(reason)\n".utf8))
        return ExitCode(2)
    }
}
