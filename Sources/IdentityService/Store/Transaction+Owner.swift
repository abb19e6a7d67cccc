import Persistence

extension Transaction {
    /// An organization as statements name it that run in both kinds of transaction: of its own scope, and of the system's.
    ///
    /// - Throws: `StoreError.invalid` in another organization's scope.
    borrowing func owner(_ organization: OrganizationID) throws(StoreError) -> SQL {
        guard let scope = self.organization else { return "\(organization.rawValue)" }
        guard scope == organization else {
            throw StoreError(.invalid, "the transaction is another organization's")
        }
        return "\(.organization)"
    }
}
