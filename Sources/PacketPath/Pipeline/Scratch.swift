/// A worker's notes on one batch, by the frame's place in it; hashes and keys by the place in their list.
///
/// One block, the arrays at constant distances: with a pointer for each, the passes run out of registers and load a
/// pointer from the stack for every note that they take.
@safe
struct Scratch: BitwiseCopyable {
    // Every array has `PathWorker.batch` elements, initialised for good; the worker frees the block at its end.
    private let block: UnsafeMutableRawPointer

    /// Where the arrays begin, in bytes. Each packet has a cache line of its own.
    private enum Place {
        @inline(__always) static var packets: Int { 0 }
        @inline(__always) static var sessions: Int { packets + of(DecodedPacket.self) }
        @inline(__always) static var hashes: Int { sessions + of(UInt64.self) }
        @inline(__always) static var keys: Int { hashes + of(UInt64.self) }
        @inline(__always) static var ipv4: Int { keys + of(IndexKey.self) }
        @inline(__always) static var ipv6: Int { ipv4 + of(UInt32.self) }
        @inline(__always) static var ways: Int { ipv6 + of(UInt32.self) }
        @inline(__always) static var outcomes: Int { ways + of(JudgedPacket.Way.self) }
        static var end: Int { outcomes + of(PathOutcome.self) }

        @inline(__always)
        private static func of<Note: BitwiseCopyable>(_ type: Note.Type) -> Int {
            MemoryLayout<Note>.stride * PathWorker.batch
        }
    }

    @inline(__always) var packets: UnsafeMutablePointer<DecodedPacket> { unsafe at(Place.packets) }
    @inline(__always) var sessions: UnsafeMutablePointer<UInt64> { unsafe at(Place.sessions) }
    @inline(__always) var hashes: UnsafeMutablePointer<UInt64> { unsafe at(Place.hashes) }
    @inline(__always) var keys: UnsafeMutablePointer<IndexKey> { unsafe at(Place.keys) }
    @inline(__always) var ipv4: UnsafeMutablePointer<UInt32> { unsafe at(Place.ipv4) }
    @inline(__always) var ipv6: UnsafeMutablePointer<UInt32> { unsafe at(Place.ipv6) }
    @inline(__always) var ways: UnsafeMutablePointer<JudgedPacket.Way> { unsafe at(Place.ways) }
    @inline(__always) var outcomes: UnsafeMutablePointer<PathOutcome> { unsafe at(Place.outcomes) }

    @inline(__always)
    private func at<Note: BitwiseCopyable>(_ place: Int) -> UnsafeMutablePointer<Note> {
        unsafe (block + place).assumingMemoryBound(to: Note.self)
    }

    init() {
        unsafe block = UnsafeMutableRawPointer.allocate(byteCount: Place.end, alignment: 128)
        fill(Place.packets, DecodedPacket())
        fill(Place.sessions, UInt64(0))
        fill(Place.hashes, UInt64(0))
        fill(Place.keys, IndexKey(word: 0))
        fill(Place.ipv4, UInt32(0))
        fill(Place.ipv6, UInt32(0))
        fill(Place.ways, JudgedPacket.Way.outward)
        fill(Place.outcomes, PathOutcome.permitted)
    }

    private func fill<Note: BitwiseCopyable>(_ place: Int, _ note: Note) {
        let notes = unsafe (block + place).bindMemory(to: Note.self, capacity: PathWorker.batch)
        unsafe notes.initialize(repeating: note, count: PathWorker.batch)
    }

    func free() { unsafe block.deallocate() }
}
