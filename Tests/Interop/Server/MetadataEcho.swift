import InteropShared
import Wire

/// Gives back the metadata that interop clients look for. Must come before the first response.
func echoMetadata(_ context: ServerContext) {
    if let text = context.metadata[EchoMetadata.initial] {
        context.responseHeaders.add(EchoMetadata.initial, text)
    }
    if let bytes = context.metadata[bytes: EchoMetadata.trailing] {
        context.responseTrailers.add(EchoMetadata.trailing, bytes: bytes)
    }
}
