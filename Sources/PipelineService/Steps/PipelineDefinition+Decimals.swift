extension PipelineDefinition {
    /// The input's columns that a cast makes decimals before any other step reads a cell of them.
    ///
    /// Of a file they are read as text where their type is not said, so that the cast sees the digits as they stand there
    /// and not those of a double.
    var columnsCastToDecimal: Set<String> {
        var found: Set<String> = []
        var seen: Set<String> = []
        // What a column was called in the input, by its name now, where that is another one.
        var origins: [String: String] = [:]
        for step in steps {
            switch step {
            case .select: continue
            case .rename(let renamings):
                let moved = renamings.map { ($0.to, origins[$0.from] ?? $0.from) }
                for renaming in renamings { origins[renaming.from] = nil }
                for (name, origin) in moved { origins[name] = origin }
            case .cast(let cast):
                let origin = origins[cast.field] ?? cast.field
                if seen.insert(origin).inserted, cast.type == .decimal { found.insert(origin) }
            case .filter, .derive, .dedupe, .rule: return found
            }
        }
        return found
    }
}
