/// Why a definition cannot be used, and where in it.
package struct ExtractionPlanError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case noFields = "NO_FIELDS"
        case tooManyFields = "TOO_MANY_FIELDS"
        case invalidName = "INVALID_FIELD_NAME"
        case duplicateField = "DUPLICATE_FIELD"
        case invalidSelector = "INVALID_SELECTOR"
        case selectorTooLarge = "SELECTOR_TOO_LARGE"
        case invalidPattern = "INVALID_PATTERN"
        case invalidAttribute = "INVALID_ATTRIBUTE"
        case invalidDateFormat = "INVALID_DATE_FORMAT"
        case invalidCurrency = "INVALID_CURRENCY"
        case invalidOption = "INVALID_OPTION"
    }

    /// The part of the definition: `fields[2].selector`.
    package var path: String
    package var reason: Reason
    /// What is wrong, in a sentence without its end.
    package var message: String
    /// Where in the selector or format, in bytes of UTF-8.
    package var position: Int?

    package init(path: String, reason: Reason, message: String, position: Int? = nil) {
        self.path = path
        self.reason = reason
        self.message = message
        self.position = position
    }

    package var description: String {
        "\(path): \(message)" + (position.map { ", at byte \($0)" } ?? "")
    }
}
