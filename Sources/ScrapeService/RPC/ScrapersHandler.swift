import Persistence
import Policy
import PolicyModel
import ScrapeContract
import ServiceKit
import SwiftProtobuf
import Wire

/// The calls about scrapers.
struct ScrapersHandler: Datavault_Scrape_V1_ScrapersService.Handler {
    let core: ScrapeCore
    let previewer: Previewer

    func createScraper(
        _ request: Datavault_Scrape_V1_CreateScraperRequest, context: ServerContext
    ) async throws -> ScraperMessage {
        let (core, rights) = (core, try CallRights.current())
        let definition = request.scraper.definition
        let plan = try core.plans.compiled(definition, field: "scraper")
        let row = ScraperRow(
            organization: rights.organization.rawValue, id: core.environment.identifier(),
            displayName: definition.displayName, definition: try definition.serializedBytes(),
            planVersion: plan.version, now: core.environment.now())
        let message = try row.message()
        let (intent, after) = (CallScope.current?.audit, MaskedText.of(message))
        return try await core.replay.write(request, id: request.requestID) { tx in
            let most = core.limits.scrapers
            guard try ScraperStore.count(upTo: most, in: tx) < most else {
                throw ScrapeError.limitReached(limit: "scrapers", maximum: most)
            }
            try ScraperStore.insert(row, in: tx)
            try core.audit.record(intent, resource: message.name, after: after, in: tx)
            return message
        }
    }

    func getScraper(
        _ request: Datavault_Scrape_V1_GetScraperRequest, context: ServerContext
    ) async throws -> ScraperMessage {
        try await scraper(request.name).message()
    }

    private func scraper(_ name: String) async throws -> ScraperRow {
        let id = try ResourceName.scrapers.identifier(in: name)
        let row = try await core.store.scoped(try CallRights.current().organization).read { tx in
            try ScraperStore.scraper(id, in: tx)
        }
        guard let row else { throw ScrapeError.resourceUnknown(name: name) }
        return row
    }

    func listScrapers(
        _ request: Datavault_Scrape_V1_ListScrapersRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_ListScrapersResponse {
        let organization = try CallRights.current().organization
        let binding = ["scrapers", organization.rawValue]
        let place = try PageToken.place(request.pageToken, for: binding)
        let count = PageSize.entries(request.pageSize)
        let rows = try await core.store.scoped(organization).read { tx in
            try ScraperStore.scrapers(before: place, count: count + 1, in: tx)
        }
        let messages = try rows.prefix(count).map { try $0.message() }
        return .with {
            $0.scrapers = messages
            guard rows.count > count, let last = rows.prefix(count).last else { return }
            $0.nextPageToken = PageToken.text(ListPlace(time: last.createdAt, id: last.id), for: binding)
        }
    }

    private static let changeable = [
        "display_name", "start_urls", "scope", "extraction", "limits", "politeness", "keep_pages",
    ]

    func updateScraper(
        _ request: Datavault_Scrape_V1_UpdateScraperRequest, context: ServerContext
    ) async throws -> ScraperMessage {
        let (core, sent) = (core, request.scraper)
        let id = try ResourceName.scrapers.identifier(in: sent.name)
        let mask: ResourceMask<ScraperMessage>
        do throws(MaskFault) {
            mask = try ResourceMask(request.updateMask.paths, sent, changeable: Self.changeable)
        } catch {
            throw ScrapeError(error)
        }
        let (intent, now) = (CallScope.current?.audit, core.environment.now())
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard var row = try ScraperStore.scraper(id, in: tx) else {
                throw ScrapeError.resourceUnknown(name: sent.name)
            }
            guard sent.etag.isEmpty || sent.etag == "\(row.version)" else { throw ScrapeError.etagMismatch }
            let before = try row.message()
            let changed = try mask.applied(sent, to: before).definition
            if changed != before.definition {
                row.planVersion = try core.plans.compiled(changed, field: "scraper").version
                row.displayName = changed.displayName
                row.definition = try changed.serializedBytes()
                row.updatedAt = now
                row.version += 1
                try ScraperStore.update(row, in: tx)
            }
            let after = try row.message()
            try core.audit.record(
                intent, resource: after.name, before: MaskedText.of(before), after: MaskedText.of(after), in: tx)
            return after
        }
    }

    func deleteScraper(
        _ request: Datavault_Scrape_V1_DeleteScraperRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let core = core
        let id = try ResourceName.scrapers.identifier(in: request.name)
        let organization = try CallRights.current().organization.rawValue
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let row = try ScraperStore.scraper(id, in: tx) else {
                throw ScrapeError.resourceUnknown(name: request.name)
            }
            guard request.etag.isEmpty || request.etag == "\(row.version)" else { throw ScrapeError.etagMismatch }
            guard try JobStore.activeCount(of: organization, scraper: id, upTo: 1, in: tx) == 0 else {
                throw ScrapeError.scraperInUse
            }
            try ScraperStore.delete(id, in: tx)
            try core.audit.record(
                intent, resource: request.name, before: MaskedText.of(try row.message()), in: tx)
            return Google_Protobuf_Empty()
        }
    }

    func previewScraper(
        _ request: Datavault_Scrape_V1_PreviewScraperRequest, context: ServerContext
    ) async throws -> Datavault_Scrape_V1_PreviewScraperResponse {
        guard request.name.isEmpty == request.hasScraper else {
            throw ScrapeError.fieldInvalid(
                field: "scraper", problem: "must be given where no name is, and must not be where one is")
        }
        let scraper = request.hasScraper ? request.scraper : try await scraper(request.name).message()
        let plan = try core.plans.compiled(scraper.definition, field: "scraper")
        return try await previewer.preview(plan, url: request.url, for: try CallRights.current().organization)
    }
}

extension ScrapeError {
    init(_ fault: MaskFault) {
        switch fault {
        case .immutable(let path): self = .fieldImmutable(path)
        case .unknown: self = .fieldInvalid(field: "update_mask", problem: fault.problem)
        }
    }
}
