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

    func updateScraper(
        _ request: Datavault_Scrape_V1_UpdateScraperRequest, context: ServerContext
    ) async throws -> ScraperMessage {
        let (core, sent) = (core, request.scraper)
        let id = try ResourceName.scrapers.identifier(in: sent.name)
        let mask = try ScraperMask(request.updateMask.paths, sent)
        let (intent, now) = (CallScope.current?.audit, core.environment.now())
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard var row = try ScraperStore.scraper(id, in: tx) else {
                throw ScrapeError.resourceUnknown(name: sent.name)
            }
            guard sent.etag.isEmpty || sent.etag == "\(row.version)" else { throw ScrapeError.etagMismatch }
            let before = try row.message()
            let changed = mask.applied(sent, to: before).definition
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

/// Which fields of a scraper a request changes (AIP-134), each as a whole.
struct ScraperMask: Sendable {
    private static let changeable = [
        "display_name", "start_urls", "scope", "extraction", "limits", "politeness", "keep_pages",
    ]
    /// A mask may name these although nothing changes them: masks that are made of a JSON body do.
    private static let steering: Set<String> = ["name", "etag"]

    private let fields: Set<String>

    /// - Throws: `ScrapeError.fieldImmutable` for a path that is no field that can change.
    init(_ paths: [String], _ sent: ScraperMessage) throws(ScrapeError) {
        if paths.isEmpty {
            fields = Set(Self.changeable.filter { Self.isSet($0, in: sent) })
        } else if paths == ["*"] {
            fields = Set(Self.changeable)
        } else {
            var fields: Set<String> = []
            for path in paths where !Self.steering.contains(path) {
                // A mask of a JSON body names what is within; a field changes as a whole all the same.
                let field = String(path.prefix { $0 != "." })
                guard Self.changeable.contains(field) else { throw .fieldImmutable(path) }
                fields.insert(field)
            }
            self.fields = fields
        }
    }

    private static func isSet(_ field: String, in sent: ScraperMessage) -> Bool {
        switch field {
        case "display_name": !sent.displayName.isEmpty
        case "start_urls": !sent.startUrls.isEmpty
        case "scope": sent.hasScope
        case "extraction": sent.hasExtraction
        case "limits": sent.hasLimits
        case "politeness": sent.hasPoliteness
        default: sent.hasKeepPages
        }
    }

    func applied(_ sent: ScraperMessage, to old: ScraperMessage) -> ScraperMessage {
        var new = old
        if fields.contains("display_name") { new.displayName = sent.displayName }
        if fields.contains("start_urls") { new.startUrls = sent.startUrls }
        if fields.contains("scope") { if sent.hasScope { new.scope = sent.scope } else { new.clearScope() } }
        if fields.contains("extraction") {
            if sent.hasExtraction { new.extraction = sent.extraction } else { new.clearExtraction() }
        }
        if fields.contains("limits") { if sent.hasLimits { new.limits = sent.limits } else { new.clearLimits() } }
        if fields.contains("politeness") {
            if sent.hasPoliteness { new.politeness = sent.politeness } else { new.clearPoliteness() }
        }
        if fields.contains("keep_pages") {
            if sent.hasKeepPages { new.keepPages = sent.keepPages } else { new.clearKeepPages() }
        }
        return new
    }
}
