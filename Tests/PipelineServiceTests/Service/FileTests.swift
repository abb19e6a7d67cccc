import ComplianceContract
import Crypto
import Foundation
import GoogleAPIContract
import PipelineContract
import SwiftProtobuf
import Testing
import Wire

@testable import Persistence
@testable import PipelineService

@Suite("Uploaded files")
struct FileTests {
    private typealias Files = Datavault_Pipeline_V1_FilesService

    @Test("are kept with size, digest and columns, however they are cut", arguments: [1, 7, 64, 100_000])
    func upload(_ piece: Int) async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let text = "title,price,day\nLamp,12.5,2026-03-31\n\"Chair, old\",7,2026-04-01\n"
            let file = try await bed.upload(text, piece: piece)
            #expect(file.format == .csv && file.sizeBytes == Int64(text.utf8.count) && file.displayName == "rows.csv")
            let digest = SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
            #expect(file.sha256 == digest)
            #expect(file.schema.text == ["title text", "price number", "day date"])
            let read = try await bed.files.getFile(
                .with { $0.name = file.name }, options: try bed.by(nil, Files.Methods.getFile))
            #expect(read == file)
        }
    }

    @Test("in parts hold the same bytes", arguments: pipelineStores)
    func parts(_ kind: Store.Kind) async throws {
        var bounds = PipelineBounds()
        bounds.partBytes = 100
        try await withPipelines(kind, bounds: bounds, hasWorker: false) { bed in
            let text = (0..<50).map { "{\"n\":\($0)}" }.joined(separator: "\n")
            let file = try await bed.upload(text, type: "application/x-ndjson; charset=utf-8", piece: 33)
            let keys = try await bed.objects()
            #expect(keys.count == (text.utf8.count + 99) / 100)
            var bytes: [UInt8] = []
            let id = try ResourceName.files.identifier(in: file.name)
            for index in keys.indices {
                bytes += try await bed.core.objects.get(StoredFile.part(index, file: id, of: bed.caller.organization))
            }
            #expect(String(decoding: bytes, as: UTF8.self) == text)
            #expect(file.schema.text == ["n integer"])
            let events = try await bed.events().map(\.action)
            #expect(events == ["file.upload"])
        }
    }

    @Test("that break off are not kept, and their bytes are swept", arguments: pipelineStores)
    func brokenOff(_ kind: Store.Kind) async throws {
        var bounds = PipelineBounds()
        bounds.partBytes = 50
        try await withPipelines(kind, bounds: bounds, hasWorker: false) { bed in
            let sending = Task {
                let call = try await bed.files.uploadFile(options: try bed.by(nil, Files.Methods.uploadFile))
                for _ in 0..<10 {
                    try await call.send(
                        .with {
                            $0.content.contentType = "text/csv"
                            $0.content.data = Data("title,price\nLamp,12.5\nChair,7\n".utf8)
                        })
                }
                // The client goes away without an end.
                try await Task.sleep(for: .seconds(600))
            }
            while try await bed.objects().count < 3 { try await Task.sleep(for: .milliseconds(10)) }
            sending.cancel()
            _ = await sending.result
            let list = try await bed.files.listFiles(.init(), options: try bed.by(nil, Files.Methods.listFiles))
            #expect(list.files.isEmpty)
            var later = bed.core
            let time = bed.core.now + 7_200_000_000
            later.environment.now = { time }
            // The handler may write one more part before it hears of the end.
            while try await !bed.objects().isEmpty {
                try await bed.core.store.scoped(bed.caller.organization).write { tx in
                    let id = "\(tx.organization?.rawValue ?? "")/files/"
                    try SweepStore.put(id, due: 0, in: tx)
                }
                try await ObjectSweeper(core: later).sweep()
            }
        }
    }

    @Test(
        "are refused where nobody can read them",
        arguments: [
            ("a,b\n1,2\n", "application/pdf", "FILE_FORMAT_UNKNOWN"), ("", "text/csv", "FILE_INVALID"),
            ("a,a\n1,2\n", "text/csv", "FILE_INVALID"),
        ])
    func unreadable(_ text: String, _ type: String, _ reason: String) async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let refused = try await pipelineRefusal { try await bed.upload(text, type: type) }
            #expect((refused.code, refused.reason) == (.invalidArgument, reason))
            let list = try await bed.files.listFiles(.init(), options: try bed.by(nil, Files.Methods.listFiles))
            #expect(list.files.isEmpty)
        }
    }

    @Test("may have the size that they may have")
    func size() async throws {
        var bounds = PipelineBounds()
        bounds.fileBytes = 1_000
        try await withPipelines(.sqlite, bounds: bounds, hasWorker: false) { bed in
            let fits = "a\n" + String(repeating: "1\n", count: 499)
            let file = try await bed.upload(fits, piece: 300)
            #expect(file.sizeBytes == 1_000)
            let refused = try await pipelineRefusal { try await bed.upload(fits + "1", piece: 300) }
            #expect(
                refused
                    == PipelineRefusal(
                        code: .invalidArgument, reason: "FILE_TOO_LARGE", metadata: ["maximum": "1000"]))
        }
    }

    @Test("are kept once under one request_id, whatever the pieces", arguments: pipelineStores)
    func replay(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let id = UUID().uuidString
            let first = try await bed.upload("a,b\n1,2\n", piece: 3, requestID: id)
            let again = try await bed.upload("a,b\n1,2\n", piece: 100, requestID: id)
            #expect(first == again)
            let other = try await pipelineRefusal { try await bed.upload("a,b\n1,3\n", requestID: id) }
            #expect((other.code, other.reason) == (.alreadyExists, "REQUEST_ID_REUSED"))
            let list = try await bed.files.listFiles(.init(), options: try bed.by(nil, Files.Methods.listFiles))
            #expect(list.files == [first])
        }
    }

    @Test("are deleted with their bytes, and are another organization's business", arguments: pipelineStores)
    func deletion(_ kind: Store.Kind) async throws {
        try await withPipelines(kind, hasWorker: false) { bed in
            let file = try await bed.upload("a,b\n1,2\n")
            let stranger = PipelineCaller()
            let refused = try await pipelineRefusal {
                try await bed.files.deleteFile(
                    .with { $0.name = file.name }, options: try bed.by(stranger, Files.Methods.deleteFile))
            }
            #expect((refused.code, refused.reason) == (.notFound, "RESOURCE_UNKNOWN"))
            _ = try await bed.files.deleteFile(
                .with { $0.name = file.name }, options: try bed.by(nil, Files.Methods.deleteFile))
            try await ObjectSweeper(core: bed.core).sweep()
            let objects = try await bed.objects()
            #expect(objects.isEmpty)
            let gone = try await pipelineRefusal {
                try await bed.files.getFile(
                    .with { $0.name = file.name }, options: try bed.by(nil, Files.Methods.getFile))
            }
            #expect(gone.reason == "RESOURCE_UNKNOWN")
        }
    }

    @Test("with other delimiters and without names are read as they say")
    func options() async throws {
        try await withPipelines(.sqlite, hasWorker: false) { bed in
            let file = try await bed.upload("Lamp;1\nChair;2\n") {
                $0.csv.delimiter = ";"
                $0.csv.headerless = true
            }
            #expect(file.schema.text == ["column_1 text", "column_2 integer"])
            let refused = try await pipelineRefusal { try await bed.upload("a") { $0.csv.delimiter = "\"" } }
            #expect((refused.reason, refused.fields) == ("FIELDS_INVALID", ["csv.delimiter"]))
        }
    }
}
