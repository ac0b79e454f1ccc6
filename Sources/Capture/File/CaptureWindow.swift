import Glibc

/// The part of a capture that is in memory, which moves forward.
///
/// Copied by pread(2) and read(2), not mapped: a mapped file that somebody shortens ends the process with SIGBUS, and
/// one that somebody writes over can change between the check of a length and its use. The copy stays in the second
/// level of the cache, and costs less than the faults of a mapping.
@safe
struct CaptureWindow: ~Copyable {
    /// The offset in the capture of the first byte in memory.
    private(set) var start = 0
    /// The offset after the last.
    private(set) var end = 0
    /// Why the capture ended before its time; what was in memory then still is.
    private(set) var fault: CaptureError.Reason?

    private let file: CaptureFile
    private let size: Int
    /// Room for ``room`` bytes, of which those from ``start`` to ``end`` were written.
    private var memory: UnsafeMutableRawPointer
    private var room: Int

    /// - Parameter size: What one move reads; more, when something is larger.
    init(_ file: CaptureFile, size: Int) {
        self.file = file
        self.size = max(size, 1)
        room = self.size
        unsafe memory = .allocate(byteCount: room, alignment: 64)
    }

    deinit { unsafe memory.deallocate() }

    /// The byte at ``start``.
    var base: UnsafeRawPointer { unsafe UnsafeRawPointer(memory) }

    /// True when `length` bytes at `offset` are in memory.
    func contains(_ offset: Int, _ length: Int) -> Bool { offset >= start && length <= end &- offset }

    /// True when the capture has `length` bytes at `offset`, which are then in memory. This may move the window.
    mutating func holds(_ offset: Int, _ length: Int) -> Bool {
        contains(offset, length) || move(to: offset, length)
    }

    /// True when the capture ends at `offset`, as it should. This may move the window.
    mutating func endsCleanly(at offset: Int) -> Bool { !holds(offset, 1) && fault == nil }

    /// The 32 bits at `offset`, least significant byte first. The caller has asked ``holds(_:_:)``.
    func word(_ offset: Int) -> UInt32 {
        unsafe UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset &- start, as: UInt32.self))
    }

    /// The byte at `offset`. The caller has asked ``holds(_:_:)``.
    func byte(_ offset: Int) -> UInt8 {
        unsafe base.load(fromByteOffset: offset &- start, as: UInt8.self)
    }

    /// As many of `length` bytes at `offset` as are in memory; valid until the window moves.
    func bytes(_ offset: Int, _ length: Int) -> UnsafeRawBufferPointer {
        let first = min(max(offset, start), end)
        let last = min(max(first, first &+ length), end)
        return unsafe UnsafeRawBufferPointer(start: base + (first &- start), count: last &- first)
    }

    /// Puts the bytes of a frame that libpcap read in place of what is in memory.
    mutating func hold(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        end = start
        reserve(bytes.count, keeping: start)
        unsafe UnsafeMutableRawBufferPointer(start: memory, count: room).copyMemory(from: bytes)
        start = offset
        end = offset + bytes.count
    }

    private mutating func move(to offset: Int, _ length: Int) -> Bool {
        guard fault == nil, offset <= Int.max - length else { return false }
        switch file.contents {
        case .memory(let bytes):
            guard offset + length <= bytes.count else { return false }
            return copy(bytes, offset, length)
        case .regular(let descriptor, let size):
            guard offset + length <= size else { return false }
            return readAt(offset, length, size - offset, descriptor)
        case .pipe(let descriptor): return readOn(offset, length, descriptor)
        }
    }

    private mutating func copy(_ bytes: [UInt8], _ offset: Int, _ length: Int) -> Bool {
        end = start
        reserve(length, keeping: start)
        start = offset
        end = min(bytes.count, offset + room)
        unsafe UnsafeMutableRawBufferPointer(start: memory, count: room).copyBytes(from: bytes[offset..<end])
        return true
    }

    /// Reads a regular file from `offset` on: `length` bytes or more, of the `rest` that it had when it was opened.
    private mutating func readAt(_ offset: Int, _ length: Int, _ rest: Int, _ descriptor: Int32) -> Bool {
        end = start
        reserve(length, keeping: start)
        (start, end) = (offset, offset)
        while end - start < length {
            let used = end - start
            let got = unsafe pread(descriptor, memory + used, min(room, rest) - used, end)
            guard took(got) else { return false }
            if got == 0 {
                fault = .shrank(to: end)
                return false
            }
        }
        return true
    }

    /// Reads a pipe on until it has given `length` bytes from `offset` on, which is not before ``start``.
    private mutating func readOn(_ offset: Int, _ length: Int, _ descriptor: Int32) -> Bool {
        reserve(length, keeping: min(max(offset, start), end))
        while end - start < length {
            let used = end - start
            let got = unsafe read(descriptor, memory + used, room - used)
            guard took(got), got != 0 else { return false }
        }
        return true
    }

    /// Counts what a system call read; false after an error, true when it is to be made again.
    private mutating func took(_ got: Int) -> Bool {
        if got < 0 {
            if errno == EINTR { return true }
            fault = .unreadable(errno: errno)
            return false
        }
        end += got
        return true
    }

    /// Makes room for `length` bytes from `first` on, and keeps what is in memory from there to ``end``.
    private mutating func reserve(_ length: Int, keeping first: Int) {
        let old = unsafe memory
        let kept = unsafe UnsafeRawBufferPointer(start: old + (first - start), count: end - first)
        if room < length {
            room = max(length, size)
            unsafe memory = .allocate(byteCount: room, alignment: 64)
        }
        // memmove: the two may overlap.
        unsafe UnsafeMutableRawBufferPointer(start: memory, count: room).copyMemory(from: kept)
        start = first
        if unsafe old != memory { unsafe old.deallocate() }
    }
}
