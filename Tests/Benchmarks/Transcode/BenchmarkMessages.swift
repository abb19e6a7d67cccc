import Foundation
import SwiftProtobuf
import TestContractProtos

/// What is measured: a message of about 100 bytes, and a list of 1 000 rows.
enum BenchmarkMessages {
    static let row = makeRow(7)

    static let list = Datavault_Test_V1_RowList.with {
        $0.rows = (0..<1_000).map(makeRow)
        $0.nextPageToken = "cursor-1000"
    }

    private static func makeRow(_ index: Int) -> Datavault_Test_V1_Row {
        .with {
            $0.id = 9_000_000_000 + Int64(index)
            $0.name = "Row number \(index)"
            $0.url = "https://example.org/items/\(index)?view=full"
            $0.score = Double(index % 100) / 128 + 0.5
            $0.active = index % 2 == 1
            $0.tags = ["first", "clean", "tag-\(index % 10)"]
        }
    }

    static func write(to folder: URL) throws {
        try row.serializedData().write(to: folder.appendingPathComponent("row.binpb"))
        try row.jsonUTF8Data().write(to: folder.appendingPathComponent("row.json"))
        try list.serializedData().write(to: folder.appendingPathComponent("list.binpb"))
        try list.jsonUTF8Data().write(to: folder.appendingPathComponent("list.json"))
    }
}
