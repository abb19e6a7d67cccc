import GoogleAPIContract
import Persistence
import PipelineContract
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// The calls about datasets. Rows stand in `DatasetsHandler+Rows.swift` and `DatasetsHandler+Export.swift`.
struct DatasetsHandler: Datavault_Pipeline_V1_DatasetsService.Handler {
    let core: PipelineCore

    func createDataset(
        _ request: Datavault_Pipeline_V1_CreateDatasetRequest, context: ServerContext
    ) async throws -> DatasetMessage {
        let (core, now, sent) = (core, core.now, request.dataset)
        try TextRules.check(shown: sent.displayName, field: "dataset.display_name")
        let schema = try sent.schema.schema(field: "dataset.schema", limits: core.bounds.plan.schema)
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            try core.check(try DatasetStore.count(in: tx), below: core.bounds.datasets, of: "datasets")
            let dataset = Dataset(
                id: core.environment.identifier(), displayName: sent.displayName, schema: schema, createdAt: now,
                updatedAt: now)
            try DatasetStore.insert(dataset, in: tx)
            let message = DatasetMessage(dataset)
            try core.audit.record(intent, resource: message.name, after: MaskedText.of(message), in: tx)
            return message
        }
    }

    func getDataset(
        _ request: Datavault_Pipeline_V1_GetDatasetRequest, context: ServerContext
    ) async throws -> DatasetMessage {
        DatasetMessage(try await dataset(request.name, of: try CallRights.current().organization))
    }

    /// - Throws: `resourceUnknown`.
    func dataset(_ name: String, of organization: OrganizationID) async throws -> Dataset {
        let id = try ResourceName.datasets.identifier(in: name)
        let found = try await core.store.scoped(organization).read { tx in try DatasetStore.dataset(id, in: tx) }
        guard let found else { throw PipelineFault.resourceUnknown(name: name) }
        return found
    }

    func listDatasets(
        _ request: Datavault_Pipeline_V1_ListDatasetsRequest, context: ServerContext
    ) async throws -> Datavault_Pipeline_V1_ListDatasetsResponse {
        let organization = try CallRights.current().organization
        let binding = ["datasets", organization.rawValue]
        let place = try TimePlace(request.pageToken, for: binding)
        let count = Page<Dataset>.rows(request.pageSize)
        let rows = try await core.store.scoped(organization).read { tx in
            try DatasetStore.datasets(after: place, count: count, in: tx)
        }
        let page = Page(rows, asked: request.pageSize, for: binding) { PageToken($0.createdAt, text: $0.id) }
        return .with {
            $0.datasets = page.entries.map(DatasetMessage.init)
            $0.nextPageToken = page.nextToken
        }
    }

    func updateDataset(
        _ request: Datavault_Pipeline_V1_UpdateDatasetRequest, context: ServerContext
    ) async throws -> DatasetMessage {
        let (core, now, sent) = (core, core.now, request.dataset)
        let id = try ResourceName.datasets.identifier(in: sent.name)
        let mask = try ResourceMask.read(request.updateMask.paths, sent, changeable: ["display_name"])
        try TextRules.check(shown: sent.displayName, field: "dataset.display_name")
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try DatasetStore.dataset(id, in: tx) else {
                throw PipelineFault.resourceUnknown(name: sent.name)
            }
            try Etag.check(sent.etag, old.version)
            var new = old
            if mask.contains("display_name") { new.displayName = sent.displayName }
            if new != old {
                (new.updatedAt, new.version) = (now, old.version + 1)
                try DatasetStore.update(new, in: tx)
            }
            let (before, after) = (DatasetMessage(old), DatasetMessage(new))
            try core.audit.record(
                intent, resource: after.name, before: MaskedText.of(before), after: MaskedText.of(after), in: tx)
            return after
        }
    }

    func deleteDataset(
        _ request: Datavault_Pipeline_V1_DeleteDatasetRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let (core, organization) = (core, try CallRights.current().organization)
        let id = try ResourceName.datasets.identifier(in: request.name)
        let intent = CallScope.current?.audit
        let due = core.now + core.bounds.deletedDataTime.wholeMicroseconds
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try DatasetStore.dataset(id, in: tx) else {
                throw PipelineFault.resourceUnknown(name: request.name)
            }
            try Etag.check(request.etag, old.version)
            try DatasetStore.delete(id, in: tx)
            // Exports that have begun go on for that long.
            try SweepStore.put(PipelineCore.prefix(organization, dataset: id), due: due, in: tx)
            try core.audit.record(
                intent, resource: old.name, before: MaskedText.of(DatasetMessage(old)), in: tx)
            return Google_Protobuf_Empty()
        }
    }
}

extension Duration {
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
