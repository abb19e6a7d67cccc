public import Wire

extension MethodDescriptor {
    /// What the contract says of the method; nil for one that is not the suite's own.
    public var policy: CallPolicy? { attachment as? CallPolicy }
}
