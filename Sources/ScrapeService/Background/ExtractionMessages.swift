import ScrapeContract
import SwiftProtobuf

/// The contract's extraction as the engine takes it.
enum ExtractionMessages {
    /// Nil where there are no fields.
    ///
    /// - Throws: `ScrapeError` that names the field of the request.
    static func plan(
        _ message: Datavault_Scrape_V1_Extraction, field: String
    ) throws(ScrapeError) -> ExtractionPlan? {
        guard !message.fields.isEmpty else { return nil }
        var definition = ExtractionDefinition(
            recordSelector: message.recordSelector.isEmpty ? nil : message.recordSelector, fields: [])
        for (index, one) in message.fields.enumerated() {
            definition.fields.append(try self.field(one, "\(field).fields[\(index)]"))
        }
        do throws(ExtractionPlanError) { return try ExtractionPlan(definition) } catch {
            throw refusal(error, field)
        }
    }

    private static func field(
        _ message: Datavault_Scrape_V1_Field, _ name: String
    ) throws(ScrapeError) -> FieldDefinition {
        let take: FieldSource
        switch message.source {
        case .text: take = .text
        case .ownText: take = .ownText
        case .innerHtml: take = .innerHTML
        case .outerHtml: take = .outerHTML
        case .attribute:
            guard !message.attribute.isEmpty else {
                throw .fieldInvalid(field: "\(name).attribute", problem: "must name the attribute that is taken")
            }
            take = .attribute(message.attribute)
        default: take = message.attribute.isEmpty ? .text : .attribute(message.attribute)
        }
        if case .attribute = take {
        } else if !message.attribute.isEmpty {
            throw .fieldInvalid(field: "\(name).attribute", problem: "must be empty where the source is no attribute")
        }
        var options = FieldOptions()
        if !message.dateFormat.isEmpty { options.dateFormat = message.dateFormat }
        options.decimalMark =
            switch message.decimalMark {
            case .point: .point
            case .comma: .comma
            default: .automatic
            }
        if !message.defaultCurrency.isEmpty { options.defaultCurrency = message.defaultCurrency }
        if message.hasDefaultOffset { options.defaultOffsetMinutes = Int(message.defaultOffset.seconds / 60) }
        return FieldDefinition(
            name: message.name, selector: message.selector.isEmpty ? nil : message.selector, take: take,
            capture: message.capture.isEmpty ? nil : message.capture, type: type(message.type), options: options,
            isList: message.list, isRequired: message.required,
            pattern: message.pattern.isEmpty ? nil : message.pattern,
            maximumLength: message.maximumLength > 0 ? Int(message.maximumLength) : nil)
    }

    private static func type(_ type: Datavault_Scrape_V1_FieldType) -> FieldType {
        switch type {
        case .integer: .integer
        case .decimal: .decimal
        case .boolean: .boolean
        case .date: .date
        case .dateTime: .dateTime
        case .money: .money
        case .url: .url
        default: .text
        }
    }

    /// The engine names parts of its definition; the contract calls two of them otherwise.
    private static func refusal(_ error: ExtractionPlanError, _ field: String) -> ScrapeError {
        let path =
            error.path.replacing("recordSelector", with: "record_selector")
            .replacing("options.dateFormat", with: "date_format")
            .replacing("options.defaultCurrency", with: "default_currency")
            .replacing("options.defaultOffsetMinutes", with: "default_offset")
            .replacing("maximumLength", with: "maximum_length")
        let name = path.isEmpty ? field : "\(field).\(path)"
        let problem = error.message + (error.position.map { ", at byte \($0)" } ?? "")
        return switch error.reason {
        case .invalidSelector, .selectorTooLarge: .selectorInvalid(field: name, problem: problem)
        case .invalidPattern: .patternInvalid(field: name, problem: problem)
        case .duplicateField: .fieldNameTaken(field: name)
        default: .fieldInvalid(field: name, problem: problem)
        }
    }
}
