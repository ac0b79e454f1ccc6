import FuzzProperties

/// libFuzzer calls this for each input, from one thread.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
    if let violation = DecodeProperties.violation(in: input) { fatalError(violation) }
    return 0
}
