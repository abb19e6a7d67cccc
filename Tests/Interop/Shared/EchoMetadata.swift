/// The metadata that an interop server gives back.
public enum EchoMetadata {
    /// Text that comes back before the first response.
    public static let initial = "x-grpc-test-echo-initial"
    /// Bytes that come back with the status.
    public static let trailing = "x-grpc-test-echo-trailing-bin"
    /// The reason of an `ErrorInfo` that comes back in the details of the status asked for; not of gRPC's suite.
    public static let reason = "x-wire-test-error-reason"
}
