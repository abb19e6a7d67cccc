import Policy

/// Lists of networks as requests have them and as tables keep them.
enum AllowedNetworks {
    /// Reads all blocks of a field, each in its canonical form and once, in their order.
    ///
    /// - Throws: `IdentityError.networkInvalid` naming the element and what is wrong with it.
    static func canonical(_ texts: [String], field: String) throws(IdentityError) -> [String] {
        var found: [String] = []
        for (index, text) in texts.enumerated() {
            let name = "\(field)[\(index)]"
            let block: NetworkBlock
            do throws(NetworkBlock.Fault) { block = try NetworkBlock(reading: text) } catch {
                throw .networkInvalid(field: name, problem: error.description)
            }
            if !found.contains(block.description) { found.append(block.description) }
        }
        return found
    }
}
