import Persistence

/// A table of rows that only grows.
struct Dataset: Sendable, Hashable {
    let id: String
    var displayName: String
    let schema: Schema
    var rowCount: Int64 = 0
    var byteCount: Int64 = 0
    /// Appends so far: the snapshot that a reader who begins now reads, which is its segments up to this sequence.
    var snapshot: Int64 = 0
    /// Microseconds since 1970.
    let createdAt: Int64
    var updatedAt: Int64
    /// Grows with every change but appends.
    var version: Int64 = 1

    var name: String { ResourceName.datasets.name(id) }
}

/// What one append added: an object of rows.
struct SegmentEntry: Sendable, Hashable {
    /// From 1, without gaps.
    let sequence: Int64
    let rowCount: Int64
    let byteCount: Int64
    let object: String
    /// One entry a column of the dataset.
    let statistics: [ColumnStatistics]
}

/// How a file's rows are written.
enum RowFormat: String, Sendable, Hashable {
    case csv
    case ndjson
}

/// How CSV is read.
struct CSVChoices: Sendable, Hashable, Codable {
    var delimiter = ","
    var headerless = false
}

/// An uploaded file. Its bytes lie in parts of one size.
struct StoredFile: Sendable, Hashable {
    let id: String
    let displayName: String
    let format: RowFormat
    let csv: CSVChoices
    let size: Int64
    /// SHA-256 in hexadecimal.
    let digest: String
    let schema: Schema
    /// Bytes of each part but the last.
    let partSize: Int64
    /// Microseconds since 1970.
    let createdAt: Int64

    var name: String { ResourceName.files.name(id) }

    /// The object that holds a part.
    func part(_ index: Int, of organization: OrganizationID) -> ObjectKey {
        Self.part(index, file: id, of: organization)
    }

    static func part(_ index: Int, file: String, of organization: OrganizationID) -> ObjectKey {
        ObjectKey(organization.rawValue, "files", file, "\(index)")
    }
}

/// Where rows come from.
struct InputSpec: Sendable, Hashable {
    enum Source: Sendable, Hashable {
        case scrapeJob(String)
        case file(String)
        case dataset(String)

        var name: String {
            switch self {
            case .scrapeJob(let id): ResourceName.scrapeJobs.name(id)
            case .file(let id): ResourceName.files.name(id)
            case .dataset(let id): ResourceName.datasets.name(id)
            }
        }
    }

    var source: Source?
    /// The columns that are expected; none: the source's own.
    var schema: Schema?
}

/// Where rows go.
enum OutputSpec: Sendable, Hashable {
    case dataset(String)
    case newDataset(displayName: String)
}

/// What is done to rows on their way.
struct Pipeline: Sendable, Hashable {
    let id: String
    var displayName: String
    var input: InputSpec
    var definition: PipelineDefinition
    var output: OutputSpec
    /// What comes out, where what goes in is known.
    var outputSchema: Schema?
    /// Microseconds since 1970.
    let createdAt: Int64
    var updatedAt: Int64
    /// Grows with every change.
    var version: Int64 = 1

    var name: String { ResourceName.pipelines.name(id) }
}
