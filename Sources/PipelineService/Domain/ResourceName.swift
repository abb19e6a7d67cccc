/// Collections of resources, and the names in them (AIP-122).
enum ResourceName: String {
    case datasets
    case files
    case pipelines
    case scrapeJobs = "scrape-jobs"

    func name(_ identifier: String) -> String { "\(rawValue)/\(identifier)" }

    /// The identifier in a name of this collection.
    ///
    /// - Throws: `resourceUnknown` if the name is of another form: nothing can have it.
    func identifier(in name: String) throws(PipelineFault) -> String {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == rawValue, Self.isIdentifier(parts[1]) else {
            throw .resourceUnknown(name: name)
        }
        return String(parts[1])
    }

    fileprivate static func isIdentifier(_ text: Substring) -> Bool {
        text.utf8.count == 36
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            }
    }
}

/// A run's name: `pipelines/{pipeline}/runs/{run}`.
struct RunName: Sendable, Hashable {
    let pipeline: String
    let run: String

    init(pipeline: String, run: String) { (self.pipeline, self.run) = (pipeline, run) }

    /// - Throws: `resourceUnknown` if it is no such name.
    init(_ name: String) throws(PipelineFault) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == ResourceName.pipelines.rawValue, parts[2] == "runs",
            ResourceName.isIdentifier(parts[1]), ResourceName.isIdentifier(parts[3])
        else { throw .resourceUnknown(name: name) }
        (pipeline, run) = (String(parts[1]), String(parts[3]))
    }

    var text: String { "\(ResourceName.pipelines.name(pipeline))/runs/\(run)" }
}
