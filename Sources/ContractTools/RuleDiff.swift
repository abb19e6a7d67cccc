import PolicyContract
import SwiftProtobuf

/// Which values a field took and takes no more.
struct RuleDiff {
    let field: String
    private let old: Datavault_Policy_V1_FieldRule
    private let new: Datavault_Policy_V1_FieldRule

    init(field: String, _ old: Google_Protobuf_FieldDescriptorProto, _ new: Google_Protobuf_FieldDescriptorProto) {
        self.init(field, old.options.Datavault_Policy_V1_field, new.options.Datavault_Policy_V1_field)
    }

    private init(_ field: String, _ old: Datavault_Policy_V1_FieldRule, _ new: Datavault_Policy_V1_FieldRule) {
        (self.field, self.old, self.new) = (field, old, new)
    }

    var sentences: [String] {
        var found: [String] = []
        if new.required, !old.required { found.append("The field \(field) has to be set now.") }
        found += counts("length", old.length, new.length) + counts("count", old.count, new.count)
        found += bounds(
            "range", old.range.hasMin ? old.range.min : nil, new.range.hasMin ? new.range.min : nil,
            old.range.hasMax ? old.range.max : nil, new.range.hasMax ? new.range.max : nil)
        found += bounds(
            "real_range", old.realRange.hasMin ? old.realRange.min : nil,
            new.realRange.hasMin ? new.realRange.min : nil,
            old.realRange.hasMax ? old.realRange.max : nil, new.realRange.hasMax ? new.realRange.max : nil)
        found += bounds(
            "duration_range",
            old.durationRange.hasMin ? seconds(old.durationRange.min) : nil,
            new.durationRange.hasMin ? seconds(new.durationRange.min) : nil,
            old.durationRange.hasMax ? seconds(old.durationRange.max) : nil,
            new.durationRange.hasMax ? seconds(new.durationRange.max) : nil)
        if old.pattern != new.pattern, !new.pattern.isEmpty {
            let before = old.pattern.isEmpty ? "any text" : "what matches \(old.pattern)"
            found.append("The value of \(field) could be \(before), and has to be what matches \(new.pattern).")
        }
        if old.format != new.format, new.format != .unspecified {
            let before = old.format == .unspecified ? "any text" : "of the format \(old.format)"
            found.append("The value of \(field) could be \(before), and has to be of the format \(new.format).")
        }
        if old.hasKeys || new.hasKeys { found += RuleDiff("each key of \(field)", old.keys, new.keys).sentences }
        return found
    }

    private func counts(
        _ what: String,
        _ old: Datavault_Policy_V1_Count,
        _ new: Datavault_Policy_V1_Count
    ) -> [String] {
        bounds(
            what, old.min == 0 ? nil : old.min, new.min == 0 ? nil : new.min, old.max == 0 ? nil : old.max,
            new.max == 0 ? nil : new.max)
    }

    /// A bound that was not there counts as wider than any.
    private func bounds<Bound: Comparable>(
        _ what: String,
        _ oldMin: Bound?,
        _ newMin: Bound?,
        _ oldMax: Bound?,
        _ newMax: Bound?
    ) -> [String] {
        var found: [String] = []
        if let newMin, oldMin.map({ newMin > $0 }) ?? true {
            found.append("The least \(what) of \(field) was \(text(oldMin)) and is \(newMin).")
        }
        if let newMax, oldMax.map({ newMax < $0 }) ?? true {
            found.append("The greatest \(what) of \(field) was \(text(oldMax)) and is \(newMax).")
        }
        return found
    }

    private func text<Bound>(_ bound: Bound?) -> String { bound.map { "\($0)" } ?? "not bounded" }

    private func seconds(_ duration: Google_Protobuf_Duration) -> Double {
        Double(duration.seconds) + Double(duration.nanos) / 1e9
    }
}
