/// From SQLSTATE (PostgreSQL, appendix A) to the store's reasons.
enum PostgresErrors {
    static func error(
        code: String?, message: String, constraint: String?, column: String?, isCancelled: Bool
    ) -> StoreError {
        guard let code else {
            // No code: libpq's own word that the connection is gone.
            var error = StoreError(.unavailable, message)
            error.isTransient = true
            return error
        }
        var error = StoreError(reason(code, isCancelled: isCancelled), message, code: code)
        error.constraint = constraint.flatMap { $0.isEmpty ? nil : $0 }
        error.column = column
        switch code {
        case "40001", "40P01", "57P01", "57P02": error.isTransient = true
        default: break
        }
        return error
    }

    private static func reason(_ code: String, isCancelled: Bool) -> StoreError.Reason {
        switch code {
        case "23505": .conflict
        case "40001", "40P01", "55P03": .serialization
        // Shutdown, crash, starting up, dropped database; too many connections.
        case "57P01", "57P02", "57P03", "57P04", "53300": .unavailable
        case "57014": isCancelled ? .cancelled : .timeout
        case "25P03", "57P05": .timeout
        case "53100", "53200": .full
        case "42501": .denied
        default: reason(class: code.prefix(2))
        }
    }

    private static func reason(class: Substring) -> StoreError.Reason {
        switch `class` {
        case "08": .unavailable
        case "23": .constraint
        case "28": .denied
        case "0A", "21", "22", "25", "26", "34", "42", "44": .invalid
        case "53", "54": .full
        case "XX": .corrupt
        default: .unexpected
        }
    }
}
