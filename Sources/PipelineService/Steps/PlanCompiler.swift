/// Checks steps one after the other.
struct PlanCompiler {
    let limits: PipelineLimits
    private var ruleNames: Set<String> = []

    init(limits: PipelineLimits) { self.limits = limits }

    mutating func compile(_ step: PipelineStep, _ schema: Schema, path: String) throws(PlanError) -> CompiledStep {
        switch step {
        case .select(let names): return try select(names, schema, path)
        case .rename(let renamings): return try rename(renamings, schema, path)
        case .cast(let cast): return try self.cast(cast, schema, path)
        case .filter(let text):
            return CompiledStep(
                action: .filter(try condition(text, schema, path: "\(path).expression")), schema: schema)
        case .derive(let name, let text): return try derive(name, text, schema, path)
        case .dedupe(let keys):
            guard !keys.isEmpty else { throw PlanError(.invalidStep, at: "\(path).keys", "at least one key is needed") }
            var indices: [Int] = []
            for (number, key) in keys.enumerated() {
                indices.append(try index(of: key, schema, path: "\(path).keys[\(number)]"))
            }
            return CompiledStep(action: .dedupe(indices), schema: schema)
        case .rule(let rule): return try self.rule(rule, schema, path)
        }
    }

    private func select(_ names: [String], _ schema: Schema, _ path: String) throws(PlanError) -> CompiledStep {
        guard !names.isEmpty else {
            throw PlanError(.invalidStep, at: "\(path).fields", "at least one field is needed")
        }
        var indices: [Int] = []
        for (number, name) in names.enumerated() {
            indices.append(try index(of: name, schema, path: "\(path).fields[\(number)]"))
        }
        let result = try self.schema(indices.map { schema.fields[$0] }, path: "\(path).fields")
        return CompiledStep(action: .select(indices), schema: result)
    }

    private func rename(
        _ renamings: [PipelineStep.Renaming], _ schema: Schema, _ path: String
    ) throws(PlanError) -> CompiledStep {
        guard !renamings.isEmpty else { throw PlanError(.invalidStep, at: path, "at least one field is needed") }
        var fields = schema.fields
        var renamed: Set<Int> = []
        for (number, renaming) in renamings.enumerated() {
            let index = try index(of: renaming.from, schema, path: "\(path)[\(number)].from")
            guard renamed.insert(index).inserted else {
                throw PlanError(.duplicateField, at: "\(path)[\(number)].from", "the field is renamed twice")
            }
            fields[index] = Field(renaming.to, fields[index].type)
        }
        return CompiledStep(action: .select(Array(fields.indices)), schema: try self.schema(fields, path: path))
    }

    private func cast(_ cast: Cast, _ schema: Schema, _ path: String) throws(PlanError) -> CompiledStep {
        let index = try index(of: cast.field, schema, path: "\(path).field")
        let type = schema.fields[index].type
        guard Casting.exists(from: type, to: cast.type) else {
            throw PlanError(
                .typeMismatch, at: "\(path).type",
                "a \(type.rawValue) does not become a \(cast.type.rawValue); derive it with an expression")
        }
        var fields = schema.fields
        fields[index] = Field(cast.field, cast.type)
        return CompiledStep(action: .cast(index, cast), schema: try self.schema(fields, path: path))
    }

    private func derive(
        _ name: String, _ text: String, _ schema: Schema, _ path: String
    ) throws(PlanError) -> CompiledStep {
        let expression = try expression(text, schema, path: "\(path).expression")
        guard let type = expression.type.column else {
            throw PlanError(
                .typeMismatch, at: "\(path).expression",
                "no column holds a \(expression.type); convert it, for example with string(…) or int(…)", line: 1,
                column: 1)
        }
        var fields = schema.fields
        let index = schema.index(of: name) ?? fields.count
        if index < fields.count { fields[index] = Field(name, type) } else { fields.append(Field(name, type)) }
        return CompiledStep(
            action: .derive(at: index, expression, type), schema: try self.schema(fields, path: "\(path).name"))
    }

    private mutating func rule(_ rule: QualityRule, _ schema: Schema, _ path: String) throws(PlanError) -> CompiledStep
    {
        guard !rule.name.isEmpty, rule.name.utf8.count <= limits.maximumRuleNameBytes else {
            throw PlanError(
                .invalidStep, at: "\(path).name", "a rule has a name of 1 to \(limits.maximumRuleNameBytes) bytes")
        }
        guard ruleNames.insert(rule.name).inserted else {
            throw PlanError(.invalidStep, at: "\(path).name", "two rules are named \"\(rule.name)\"")
        }
        if let threshold = rule.threshold, !(0...1).contains(threshold) {
            throw PlanError(.invalidStep, at: "\(path).threshold", "a share is a number from 0 to 1")
        }
        return CompiledStep(
            action: .rule(rule, try condition(rule.expression, schema, path: "\(path).expression")), schema: schema)
    }

    // MARK: - Names and expressions

    private func index(of name: String, _ schema: Schema, path: String) throws(PlanError) -> Int {
        if let index = schema.index(of: name) { return index }
        let near = Suggestion.nearest(to: name, among: schema.fields.map(\.name))
        throw PlanError(
            .unknownField, at: path,
            "there is no field \"\(name)\"" + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
    }

    private func schema(_ fields: [Field], path: String) throws(PlanError) -> Schema {
        do {
            return try Schema(fields, limits: limits.schema)
        } catch .duplicateName(let name) {
            throw PlanError(.duplicateField, at: path, "two fields would be named \"\(name)\"")
        } catch .tooManyColumns(_, let maximum) {
            throw PlanError(.limitExceeded, at: path, "there would be more than \(maximum) fields")
        } catch {
            throw PlanError(.invalidField, at: path, error.description)
        }
    }

    private func expression(_ text: String, _ schema: Schema, path: String) throws(PlanError) -> Expression {
        do {
            return try Expression(text, schema: schema, limits: limits.expression)
        } catch {
            throw PlanError(error.reason, at: path, error.message, line: error.line, column: error.column)
        }
    }

    private func condition(_ text: String, _ schema: Schema, path: String) throws(PlanError) -> Expression {
        let expression = try expression(text, schema, path: path)
        guard expression.type == .bool else {
            throw PlanError(
                .typeMismatch, at: path, "the condition is a bool, this is a \(expression.type)", line: 1, column: 1)
        }
        return expression
    }
}
