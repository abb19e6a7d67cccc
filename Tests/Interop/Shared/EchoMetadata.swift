/// The metadata that an interop server gives back.
public enum EchoMetadata {
    /// Text that comes back before the first response.
    public static let initial = "x-grpc-test-echo-initial"
    /// Bytes that come back with the status.
    public static let trailing = "x-grpc-test-echo-trailing-bin"
}
