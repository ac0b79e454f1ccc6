import Foundation
import FuzzProperties

/// One program for all decoders, so that they are linked once: `FUZZ_TARGET` says which.
private let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
private let target: FuzzTarget = {
    guard let target = FuzzTarget(rawValue: name) else {
        fatalError("FUZZ_TARGET is '\(name)', and none of: \(FuzzTarget.allCases.map(\.rawValue))")
    }
    return target
}()

/// libFuzzer calls this first. With `FUZZ_SEEDS`, a folder, the program only writes every target's seeds into
/// subfolders of it, and prints each target's name and the length of its longest input.
@_cdecl("LLVMFuzzerInitialize")
public func prepare(_: UnsafePointer<CInt>, _: UnsafePointer<UnsafePointer<CChar>>) -> CInt {
    guard let path = ProcessInfo.processInfo.environment["FUZZ_SEEDS"] else { return 0 }
    for target in FuzzTarget.allCases {
        let folder = URL(filePath: path).appending(path: target.rawValue)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (number, seed) in target.seeds.enumerated() {
                try Data(seed).write(to: folder.appending(path: "seed-\(number)"))
            }
        } catch {
            fatalError("\(error)")
        }
        print(target.rawValue, target.maximumLength)
    }
    exit(0)
}

/// libFuzzer calls this for each input, from one thread.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
    if name == "planted" { return overflow(input) }
    if let violation = target.violation(in: input) { fatalError(violation) }
    return 0
}

/// Reads behind the end of its memory when the input has these four bytes, which only a fuzzer finds that sees how far
/// the comparison got, and only the sanitizer reports.
private func overflow(_ input: [UInt8]) -> CInt {
    var matching = 0
    for (byte, expected) in zip(input, "gate".utf8) {
        guard byte == expected else { break }
        matching += 1
    }
    return planted[matching]
}

/// Four zeros, made where the compiler cannot see that they are: it must read them. Made once, by the one thread that
/// fuzzes, and never written.
nonisolated(unsafe) private let planted: UnsafeMutablePointer<CInt> = {
    let memory = calloc(4, MemoryLayout<CInt>.size)
    guard let memory else { fatalError("no memory") }
    return memory.bindMemory(to: CInt.self, capacity: 4)
}()
