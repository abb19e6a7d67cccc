/// Collects the paths of a body's leaves, in the proto's names: what a PATCH without an update mask changes (AIP-134).
struct MaskRecorder {
    /// What the body's own path is within the message.
    var prefix = ""
    private(set) var leaves: [String] = []

    mutating func record(_ paths: PathStack, _ depth: Int) {
        var path = depth < 0 ? "" : paths.path(through: depth, protoNames: true)
        if !prefix.isEmpty { path = path.isEmpty ? prefix : "\(prefix).\(path)" }
        if !path.isEmpty { leaves.append(path) }
    }
}
