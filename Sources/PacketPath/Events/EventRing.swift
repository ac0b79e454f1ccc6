public import Synchronization

/// Events from one thread to one other, in order, without waiting: what does not fit is counted and gone.
///
/// `written` and `read` count for ever and wrap; they are compared by wrapping subtraction alone, and
/// `written &- read` is the number of events in the ring, 0 to `capacity`. The slot of event n is n modulo
/// the capacity.
///
/// - The writer fills slot n, then stores `written` = n + 1 releasing. The reader loads `written` acquiring
///   before it copies slot n: the copy sees the whole event.
/// - The reader copies slot n, then stores `read` = n + 1 releasing. The writer loads `read` acquiring before
///   it fills the slot for n + capacity: the copy was done before.
///
/// So no slot is written while it is read. Each side keeps the other's counter as it last saw it, and loads
/// it again only when the ring looks full (or empty): a counter grows only, so an old one errs toward full
/// (or empty).
///
/// Exactly one thread may use the ``EventWriter`` and one the ``EventReader``; neither can be copied.
@safe
public final class EventRing: @unchecked Sendable {
    /// Stays in place as long as the ring; `written` and `read` say who may touch which slot.
    @usableFromInline let slots: UnsafeMutablePointer<PathEvent>
    @usableFromInline let mask: UInt64
    /// Stored by the writer, releasing; pairs with the acquiring load in `EventReader.next`.
    @usableFromInline let written = PaddedAtomic()
    /// Stored by the reader, releasing; pairs with the acquiring load in `EventWriter.append`.
    @usableFromInline let read = PaddedAtomic()
    /// Stored by the writer, relaxed: a number for people, which nothing else hangs on.
    @usableFromInline let lostCount = PaddedAtomic()

    public var capacity: Int { Int(mask) + 1 }

    /// How many events did not fit so far. Any thread may ask; it may be late.
    public var lost: UInt64 { lostCount.value.load(ordering: .relaxed) }

    private init(capacity: Int) {
        let capacity = powerOfTwo(atLeast: max(2, capacity))
        mask = UInt64(capacity - 1)
        unsafe slots = UnsafeMutablePointer<PathEvent>.allocate(capacity: capacity)
        let blank = PathEvent(kind: .refused, reason: 0, session: SessionValue(word: 0), tick: 0)
        unsafe slots.initialize(repeating: blank, count: capacity)
    }

    deinit { unsafe slots.deallocate() }

    /// Both ends of a new ring. The capacity is rounded up to a power of two; an event takes 64 bytes.
    public static func make(capacity: Int) -> EventEnds {
        let ring = EventRing(capacity: capacity)
        return EventEnds(writer: EventWriter(ring), reader: EventReader(ring))
    }
}

/// Both ends of a ring, to be taken apart.
@frozen
public struct EventEnds: ~Copyable {
    public var writer: EventWriter
    public var reader: EventReader
}

/// The end of a ring that events go in. May move to another thread, and is then that one's.
public struct EventWriter: ~Copyable, Sendable {
    public let ring: EventRing
    @usableFromInline var next: UInt64 = 0
    @usableFromInline var lastRead: UInt64 = 0
    @usableFromInline var lost: UInt64 = 0

    init(_ ring: EventRing) { self.ring = ring }

    /// False when the ring is full: the event is counted as lost.
    @inlinable
    @discardableResult
    public mutating func append(_ event: PathEvent) -> Bool {
        if next &- lastRead > ring.mask {
            // Pairs with the releasing store in `EventReader.next`.
            lastRead = ring.read.value.load(ordering: .acquiring)
            guard next &- lastRead <= ring.mask else {
                lost &+= 1
                ring.lostCount.value.store(lost, ordering: .relaxed)
                return false
            }
        }
        unsafe ring.slots[Int(truncatingIfNeeded: next & ring.mask)] = event
        next &+= 1
        // Pairs with the acquiring load in `EventReader.next`.
        ring.written.value.store(next, ordering: .releasing)
        return true
    }
}

/// The end of a ring that events come out of. May move to another thread, and is then that one's.
public struct EventReader: ~Copyable, Sendable {
    public let ring: EventRing
    @usableFromInline var position: UInt64 = 0
    @usableFromInline var lastWritten: UInt64 = 0

    init(_ ring: EventRing) { self.ring = ring }

    /// The oldest event, which is then taken; nil when there is none now.
    @inlinable
    public mutating func next() -> PathEvent? {
        if position == lastWritten {
            // Pairs with the releasing store in `EventWriter.append`.
            lastWritten = ring.written.value.load(ordering: .acquiring)
            guard position != lastWritten else { return nil }
        }
        let event = unsafe ring.slots[Int(truncatingIfNeeded: position & ring.mask)]
        position &+= 1
        // Pairs with the acquiring load in `EventWriter.append`.
        ring.read.value.store(position, ordering: .releasing)
        return event
    }
}
