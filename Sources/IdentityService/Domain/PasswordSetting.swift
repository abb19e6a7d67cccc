/// Makes what is kept of a password.
protocol PasswordSetting: Sendable {
    /// Checks a new password against the policy and hashes it, on a bounded pool of threads.
    ///
    /// - Parameter owner: Whose it is to be: it must not be made of their names.
    /// - Returns: The text for `users.password_hash`.
    /// - Throws: `IdentityError.passwordWeak`; `IdentityError.loginBusy` if the pool has as much work as it takes.
    func hash(_ password: String, of owner: PasswordOwner) async throws -> String
}

/// Names that a password must not contain.
struct PasswordOwner: Sendable, Hashable {
    /// The address by which the person logs in.
    let email: String
    /// The organization's name, as people know it.
    let organization: String
}
