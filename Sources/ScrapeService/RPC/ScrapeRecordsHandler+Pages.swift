import Foundation
import GatewayContract
import GoogleAPIContract
import Persistence
import Policy
import ScrapeContract
import ServiceKit
import SwiftProtobuf
import Wire

/// Single pages, and what was kept of them.
extension ScrapeRecordsHandler {
    /// Bytes of one message.
    private static let piece = 256 << 10

    func getPage(
        _ request: Datavault_Scrape_V1_GetPageRequest, context: ServerContext
    ) async throws -> PageMessage {
        let found = try await page(request.name, of: try CallRights.current().organization)
        return found.page.message(
            of: found.name.job, hasEnded: found.job.state.hasEnded, isInHand: found.isInHand)
    }

    func downloadPage(
        _ request: Datavault_Scrape_V1_DownloadPageRequest, responses: ResponseWriter<Google_Api_HttpBody>,
        context: ServerContext
    ) async throws {
        let (core, organization) = (core, try CallRights.current().organization)
        let page = try await page(request.name, of: organization).page
        try await downloads.enter {
            // Whole and checked before anything is sent: what leaves is what was kept, or nothing.
            let content = try await evidence.content(of: page, named: request.name)
            let intent = CallScope.current?.audit
            try await core.store.scoped(organization).write(.readCommitted) { tx in
                try core.audit.record(intent, resource: request.name, in: tx)
            }
            var message = Google_Api_HttpBody()
            message.contentType = page.mediaType
            // A stranger's page is a file to be saved, and never a document of whoever gives it away.
            message.extensions = [
                try Google_Protobuf_Any(
                    message: Datavault_Gateway_V1_FileName.with { $0.name = "page-\(page.number).\(page.suffix)" })
            ]
            var sent = 0
            repeat {
                let next = min(sent + Self.piece, content.count)
                message.data = Data(content[sent..<next])
                try await responses.write(message)
                (message, sent) = (.init(), next)
            } while sent < content.count
        }
    }

    private struct FoundPage: Sendable {
        let name: PageName
        let job: JobRow
        let page: PageRow
        let isInHand: Bool
    }

    /// - Throws: `ScrapeError.resourceUnknown`.
    private func page(_ text: String, of organization: OrganizationID) async throws -> FoundPage {
        let name = try PageName(text)
        let id = try ResourceName.jobs.identifier(in: name.job)
        let found = try await core.store.scoped(organization).read { tx -> FoundPage? in
            guard let job = try JobStore.job(id, of: organization.rawValue, in: tx),
                let page = try PageStore.page(name.number, of: id, in: tx)
            else { return nil }
            let hands =
                job.state == .running ? try FrontierStore.lanes(organization: job.organization, job: id, in: tx) : [:]
            return FoundPage(
                name: name, job: job, page: page, isInHand: hands.values.contains { $0.contains(page.number) })
        }
        guard let found else { throw ScrapeError.resourceUnknown(name: text) }
        return found
    }
}

/// `scrape-jobs/{job}/pages/{page}`
struct PageName: Sendable, Hashable {
    /// `scrape-jobs/{job}`
    let job: String
    let number: Int64

    /// - Throws: `ScrapeError.resourceUnknown` if the name is of another form: nothing can have it.
    init(_ name: String) throws(ScrapeError) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[2] == "pages", let number = Int64(parts[3]), number > 0, "\(number)" == parts[3]
        else { throw .resourceUnknown(name: name) }
        (job, self.number) = (parts[..<2].joined(separator: "/"), number)
    }

    static func text(_ number: Int64, of job: String) -> String { "\(job)/pages/\(number)" }
}

extension PageRow {
    /// As its site named it, if that can be read.
    fileprivate var mediaType: String {
        guard let type = contentType, type.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), type.contains("/") else {
            return "application/octet-stream"
        }
        return type
    }

    fileprivate var suffix: String { contentType?.lowercased().contains("xhtml") == true ? "xhtml" : "html" }
}
