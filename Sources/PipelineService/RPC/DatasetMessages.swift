import PipelineContract
import SwiftProtobuf

typealias DatasetMessage = Datavault_Pipeline_V1_Dataset
typealias FileMessage = Datavault_Pipeline_V1_File
typealias FileFormatMessage = Datavault_Pipeline_V1_FileFormat

extension DatasetMessage {
    init(_ dataset: Dataset) {
        self.init()
        name = dataset.name
        displayName = dataset.displayName
        schema = SchemaMessage(dataset.schema)
        rowCount = dataset.rowCount
        byteCount = dataset.byteCount
        version = dataset.snapshot
        createTime = Google_Protobuf_Timestamp(microseconds: dataset.createdAt)
        updateTime = Google_Protobuf_Timestamp(microseconds: dataset.updatedAt)
        etag = Etag.text(dataset.version)
    }
}

extension FileMessage {
    init(_ file: StoredFile) {
        self.init()
        name = file.name
        displayName = file.displayName
        format = FileFormatMessage(file.format)
        if file.format == .csv {
            csv.delimiter = file.csv.delimiter
            csv.headerless = file.csv.headerless
        }
        sizeBytes = file.size
        sha256 = file.digest
        schema = SchemaMessage(file.schema)
        createTime = Google_Protobuf_Timestamp(microseconds: file.createdAt)
        etag = Etag.text(1)
    }
}

extension FileFormatMessage {
    init(_ format: RowFormat) {
        self =
            switch format {
            case .csv: .csv
            case .ndjson: .ndjson
            }
    }

    /// Nil for what is none.
    var format: RowFormat? {
        switch self {
        case .csv: .csv
        case .ndjson: .ndjson
        case .unspecified, .UNRECOGNIZED: nil
        }
    }
}
