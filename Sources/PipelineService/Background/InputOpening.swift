import Persistence

/// Opens what a run reads, where its last commit left it.
struct InputOpening: Sendable {
    let core: PipelineCore
    let organization: OrganizationID

    func open(_ run: Run) async throws -> any InputSource {
        switch run.input.source {
        case .file(let id):
            let file = try await core.store.scoped(organization).read { tx in try FileStore.file(id, in: tx) }
            guard let file else { throw PipelineFault.inputUnreadable(message: "the file is gone") }
            let wanted = run.input.schema?.fields ?? Self.texts(for: run.pipeline.definition, of: file)
            let types = Dictionary(wanted.map { ($0.name, $0.type) }) { first, _ in first }
            return try await FileSource.open(
                file, of: organization, types: types, schema: run.inputSchema, at: run.position, core: core)
        case .dataset(let id):
            let dataset = try await core.store.scoped(organization).read { tx in try DatasetStore.dataset(id, in: tx) }
            guard let dataset else { throw PipelineFault.inputUnreadable(message: "the dataset is gone") }
            let reader = SegmentReader(core: core, organization: organization, dataset: dataset)
            let snapshot = run.inputSchema == nil ? dataset.snapshot : run.inputSnapshot
            return DatasetSource(reader, upTo: snapshot, at: run.position)
        case .scrapeJob(let id):
            let stream: any JobRecordStream
            do {
                stream = try await core.scrape.open(
                    id, after: run.position.offset, for: organization, initiator: run.initiator)
            } catch PipelineFault.referenceUnknown {
                throw PipelineFault.inputUnreadable(message: "the scrape job is gone")
            }
            return try JobSource(stream, job: id, at: run.position)
        case nil: throw PipelineFault.inputMissing
        }
    }

    /// The columns of numbers that are read as text, as the first thing that is done with them is to make them decimals.
    private static func texts(for definition: PipelineDefinition, of file: StoredFile) -> [Field] {
        definition.columnsCastToDecimal.compactMap { file.schema[$0] }
            .filter { $0.type == .double || $0.type == .int64 }.map { Field($0.name, .string) }
    }
}
