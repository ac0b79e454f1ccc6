import CPcap
import Glibc

/// A capture's own memory for one batch of frames: as many slots of equal length, and what is in them.
///
/// libpcap's memory for a packet is valid only during its callback: it hands blocks of the ring back to the kernel in
/// the middle of a dispatch. So the callback copies; what it copies is in the cache, since libpcap has just read the
/// packet's header beside it.
@safe
struct LiveSlots {
    /// Frames in a batch: 32 at a time are what the packet path takes; two of its batches.
    ///
    /// A datagram of NFLOG holds up to 100 messages, which libpcap keeps for the next dispatch as far as they do not
    /// fit.
    static let capacity = 64

    private let memory: UnsafeMutableRawPointer
    private let frames: UnsafeMutablePointer<LiveFrame>
    private let slotLength: Int
    /// Nanoseconds in a unit of libpcap's fraction of a second.
    private let fraction: UInt64
    private var count = 0

    /// `room` is the longest frame that is kept whole.
    init(room: Int, fraction: UInt64) {
        slotLength = (room + 63) & ~63
        unsafe memory = .allocate(byteCount: slotLength * Self.capacity, alignment: 64)
        unsafe frames = .allocate(capacity: Self.capacity)
        self.fraction = fraction
    }

    func free() {
        unsafe memory.deallocate()
        unsafe frames.deallocate()
    }

    mutating func clear() { count = 0 }

    /// The frames of the batch, valid until ``clear()``. The first `count` of them were written by ``keep(_:_:)``.
    var batch: UnsafeBufferPointer<LiveFrame> { unsafe UnsafeBufferPointer(start: frames, count: count) }

    /// Copies a frame to the next slot. There is room: no dispatch is for more than ``capacity`` frames.
    mutating func keep(_ header: pcap_pkthdr, _ bytes: UnsafeRawPointer) {
        guard count < Self.capacity else { return }
        let length = min(Int(header.caplen), slotLength)
        let slot = unsafe memory + count &* slotLength
        unsafe memcpy(slot, bytes, length)
        let seconds = UInt64(bitPattern: Int64(header.ts.tv_sec)) &* 1_000_000_000
        unsafe (frames + count).initialize(
            to: LiveFrame(
                start: slot, captured: UInt32(truncatingIfNeeded: length), wire: header.len,
                timestamp: seconds &+ UInt64(bitPattern: Int64(header.ts.tv_usec)) &* fraction))
        count &+= 1
    }

    /// What libpcap calls for each packet; `user` is where a capture's slots are.
    static let callback: pcap_handler = { user, header, bytes in
        guard let user = unsafe user, let header = unsafe header, let bytes = unsafe bytes else { return }
        let slots = unsafe UnsafeMutableRawPointer(user).assumingMemoryBound(to: LiveSlots.self)
        unsafe slots.pointee.keep(header.pointee, UnsafeRawPointer(bytes))
    }
}
