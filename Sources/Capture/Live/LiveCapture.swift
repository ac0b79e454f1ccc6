import CPcap
import Glibc
package import PacketPath

/// Frames of a live source, in batches. Nothing is allocated per frame.
///
/// Owned by one thread at a time, which may wait in ``next(timeout:)``; ``stopper`` wakes it. An event loop waits for
/// ``descriptor`` to become readable instead, and then takes batches until one is empty.
///
/// `@unchecked`: the handle and the slots are this capture's alone, and libpcap keeps nothing by thread.
@safe
package struct LiveCapture: ~Copyable, @unchecked Sendable {
    package let source: LiveSource
    /// What stands in front of the packets.
    package let link: LinkType
    /// Ends this capture from any thread.
    package let stopper: CaptureStopper
    /// Readable when frames are at hand, or an error. Owned by the capture.
    package let descriptor: Int32

    private let handle: PcapHandle
    private let slots: UnsafeMutablePointer<LiveSlots>
    private let readTimeout: Int32
    /// True when the last batch was full, so that more may be at hand which the descriptor does not tell of.
    private var mayHaveMore = false
    /// True when the interface went down; the kernel may still hold frames from before.
    private var isLost = false
    private var received: WideCounter
    private var dropped: WideCounter

    /// Begins to capture, in the calling thread's network namespace.
    package init(_ source: LiveSource, _ options: LiveOptions = LiveOptions()) throws(LiveCaptureError) {
        let opened = try OpenedSource(source, options)
        do {
            stopper = try CaptureStopper()
        } catch {
            throw .failed(source, systemMessage(error.errno))
        }
        self.source = source
        link = opened.link
        handle = opened.handle
        descriptor = unsafe pcap_get_selectable_fd(opened.handle.pointer)
        readTimeout = Int32(clamping: options.readTimeout)
        var before = pcap_stat()
        _ = unsafe pcap_stats(opened.handle.pointer, &before)
        received = WideCounter(from: before.ps_recv)
        dropped = WideCounter(from: before.ps_drop)
        unsafe slots = .allocate(capacity: 1)
        unsafe slots.initialize(to: opened.makeSlots())
    }

    deinit {
        unsafe slots.pointee.free()
        unsafe slots.deallocate()
    }

    /// Waits for frames.
    ///
    /// The result is valid until the next call; nil when the capture was stopped. It can be empty, after the timeout
    /// or without a reason. What the ring holds when the interface is lost comes before the error does.
    ///
    /// - Parameter timeout: Milliseconds; negative for no limit.
    package mutating func next(
        timeout: Int32 = -1
    ) throws(LiveCaptureError) -> UnsafeBufferPointer<LiveFrame>? {
        unsafe slots.pointee.clear()
        if stopper.isStopped { return nil }
        if mayHaveMore {
            try dispatch()
            if unsafe !slots.pointee.batch.isEmpty { return unsafe slots.pointee.batch }
        }
        if try wait(timeout) { try dispatch() }
        return unsafe stopper.isStopped ? nil : slots.pointee.batch
    }

    /// What was seen and missed. To be asked at least once in four thousand million frames.
    package mutating func statistics() throws(LiveCaptureError) -> LiveStatistics {
        var now = pcap_stat()
        guard unsafe pcap_stats(handle.pointer, &now) == 0 else { throw failure() }
        received.update(now.ps_recv)
        dropped.update(now.ps_drop)
        return LiveStatistics(received: received.total, dropped: dropped.total)
    }

    /// Waits until frames or an error are at hand, or the capture is stopped; false when nothing came.
    private mutating func wait(_ timeout: Int32) throws(LiveCaptureError) -> Bool {
        var waited = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stopper.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        // The kernel hands over the last frames of a lost interface within the read timeout.
        let count = unsafe poll(&waited, 2, isLost ? readTimeout &* 2 : timeout)
        guard count >= 0 || errno == EINTR else { throw .failed(source, systemMessage(errno)) }
        if count == 0 && isLost { throw .interfaceLost(source.description) }
        return count > 0 && waited[0].revents != 0
    }

    /// Fills the slots with what is at hand, without waiting.
    private mutating func dispatch() throws(LiveCaptureError) {
        let wasLost = isLost
        // libpcap takes an older ENOBUFS for one of its own call.
        errno = 0
        let count = unsafe pcap_dispatch(
            handle.pointer, Int32(LiveSlots.capacity), LiveSlots.callback,
            UnsafeMutableRawPointer(slots).assumingMemoryBound(to: UInt8.self))
        let number = errno
        mayHaveMore = count == LiveSlots.capacity
        // libpcap asks for a timeout from when an interface goes down until it is up again or gone.
        isLost = unsafe pcap_get_required_select_timeout(handle.pointer) != nil
        if count > 0 { return }
        if isLost && wasLost { throw .interfaceLost(source.description) }
        // NFLOG's way to say that nothing is at hand.
        if count < 0 && !isLost && number != EAGAIN { throw failure() }
    }

    private func failure() -> LiveCaptureError {
        .failed(source, handle.message)
    }
}
