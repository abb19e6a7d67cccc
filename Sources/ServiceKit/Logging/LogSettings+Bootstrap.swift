import Foundation
public import Logging
import Synchronization

extension LogSettings {
    /// Makes all loggers of the process write as the settings say. Once a process.
    ///
    /// - Parameter provider: What every line says beside what its author says.
    /// - Returns: What lines go through, to be flushed at the end.
    public static func bootstrap(_ settings: Settings, provider: Logger.MetadataProvider) -> LogOutput {
        let output = LogOutput(capacity: settings[queueSize].bytes)
        let style: SuiteLogHandler.Style =
            switch settings[format] {
            case .json: .json
            case .console: .console
            case .auto: isatty(STDERR_FILENO) != 0 ? .console : .json
            }
        let mask = LogMask(secrets: settings.secrets)
        let (level, lineSize) = (settings[level], settings[lineSize].bytes)
        if case .json = style, level <= .info { LogOutput.ofProcess.withLock { $0 = output } }
        LoggingSystem.bootstrap(
            { label, provider in
                SuiteLogHandler(
                    label: label, level: level, style: style, lineSize: lineSize, mask: mask, output: output,
                    metadataProvider: provider)
            }, metadataProvider: provider)
        return output
    }
}
