import Foundation
import ServiceKit

/// A folder for keys that goes with the object.
final class TemporaryKeys: Sendable {
    let folder: KeyFolder

    init() {
        folder = KeyFolder(
            FileManager.default.temporaryDirectory.appendingPathComponent("datavault-keys-\(UUID().uuidString)").path)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder.path) }

    func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }
}
