/// Why Compliance refuses a call.
enum ComplianceError: Error, Hashable {
    case entryUnknown(name: String)
    case pageTokenInvalid
    case sizeOutOfRange(field: String, size: Int64)
    case tooManyReaders
    case intakeFull
    case subjectUnknown
    case checkpointUnknown(size: Int64)
    case permissionMissing(String)
    case fieldInvalid(field: String, problem: String)
    case notStarted
}
