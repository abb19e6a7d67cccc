// `FUZZ_TARGET=server wire-fuzz [libFuzzer's options] corpus`: see scripts/fuzz.sh.

#if canImport(Glibc)
    import Glibc
#endif

/// libFuzzer's loop, for programs that have a `main` of their own.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

nonisolated(unsafe) let body: ([UInt8]) -> Void = {
    guard let name = unsafe getenv("FUZZ_TARGET"), let target = unsafe FuzzTarget(rawValue: String(cString: name))
    else {
        fatalError("FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue))")
    }
    return target.makeBody()
}()

var argumentCount = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
exit(
    unsafe runFuzzer(&argumentCount, &arguments) { bytes, count in
        unsafe body(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    }
)
