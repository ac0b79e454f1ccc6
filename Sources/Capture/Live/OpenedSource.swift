import CLinux
import CPcap
import Glibc
import PacketPath

/// A source that libpcap has opened: not blocking, and filtered in the kernel.
struct OpenedSource {
    let handle: PcapHandle
    let link: LinkType
    private let source: LiveSource
    private let options: LiveOptions

    /// An NFLOG message has up to 128 bytes of prefix and a dozen small attributes in front of the packet, 364 bytes
    /// with an Ethernet header (nfnetlink_log.c, `__build_packet_message`).
    private static let nflogHeaders = 384
    /// libpcap reads NFLOG into a buffer of the snapshot length and 128 bytes, and loses what does not fit: a datagram
    /// of several messages, or one of the longest packet.
    private static let nflogSnapLength: Int32 = 131_072

    init(_ source: LiveSource, _ options: LiveOptions) throws(LiveCaptureError) {
        if case .interface(let name, _, _) = source, name != "any", unsafe if_nametoindex(name) == 0 {
            throw .noSuchInterface(name)
        }
        do {
            handle = try unsafe PcapHandle.open { unsafe pcap_create(source.description, $0) }
        } catch {
            throw .failed(source, error.text)
        }
        self.source = source
        self.options = options
        Self.configure(handle, source, options)
        try Self.activate(handle, source)
        link = LinkType(
            number: UInt32(bitPattern: handle.linkNumber), bigEndian: UInt16(bigEndian: 1) == 1)
        guard link != .unsupported else { throw .unsupportedLink(source, handle.linkNumber) }
        try prepare()
    }

    func makeSlots() -> LiveSlots {
        var room = Self.snapLength(options)
        if case .nflog = source { room += Self.nflogHeaders }
        return LiveSlots(room: room, fraction: handle.fraction)
    }

    private static func snapLength(_ options: LiveOptions) -> Int {
        min(max(options.snapLength, 1), CaptureFile.maximumFrameLength)
    }

    /// Each setting fails only for a handle that is active already.
    private static func configure(_ handle: PcapHandle, _ source: LiveSource, _ options: LiveOptions) {
        var snapLength = Int32(clamping: snapLength(options))
        if case .nflog = source { snapLength = nflogSnapLength }
        unsafe pcap_set_snaplen(handle.pointer, snapLength)
        unsafe pcap_set_buffer_size(handle.pointer, Int32(clamping: options.bufferSize))
        unsafe pcap_set_timeout(handle.pointer, Int32(clamping: options.readTimeout))
        unsafe pcap_set_immediate_mode(handle.pointer, 0)
        unsafe pcap_set_promisc(handle.pointer, 0)
        // Refused for NFLOG, whose times are in microseconds.
        unsafe pcap_set_tstamp_precision(handle.pointer, PCAP_TSTAMP_PRECISION_NANO)
    }

    private static func activate(_ handle: PcapHandle, _ source: LiveSource) throws(LiveCaptureError) {
        errno = 0
        let status = unsafe pcap_activate(handle.pointer)
        let number = errno
        // What is positive is a warning.
        guard status < 0 else { return }
        switch (status, source) {
        case (PCAP_ERROR_PERM_DENIED, _): throw .notPermitted(source)
        case (PCAP_ERROR_NO_SUCH_DEVICE, .interface(let name, _, _)): throw .noSuchInterface(name)
        case (PCAP_ERROR_IFACE_NOT_UP, .interface(let name, _, _)): throw .interfaceIsDown(name)
        // The kernel answers EPERM to both: the lack of a right to the first message, a taken group to its own.
        case (PCAP_ERROR, .nflog(let group)) where number == EPERM:
            throw handle.message.hasPrefix("Can't listen") ? .groupIsTaken(group) : .notPermitted(source)
        default: throw .failed(source, handle.message)
        }
    }

    private func prepare() throws(LiveCaptureError) {
        var status: Int32 = 0
        let message = unsafe PcapHandle.text { unsafe status = pcap_setnonblock(handle.pointer, 1, $0) }
        guard status == 0 else { throw .failed(source, message) }
        switch source {
        case .nflog:
            // libpcap has asked for as much as the system's limit allows; without the right to more, that is it.
            _ = unsafe gh_force_receive_buffer(
                pcap_fileno(handle.pointer), Int32(clamping: options.bufferSize))
        case .interface(let name, let direction, let sampling):
            let isCooked = link == .linuxCooked || link == .linuxCooked2
            // The bytes that such a filter looks at are made by libpcap, after the kernel's filter.
            if isCooked && direction != .both { throw .noDirection(name) }
            try attach(direction.filter, sampling)
        }
    }

    /// Puts the filter into the kernel, and takes what came before it out of the ring.
    ///
    /// Packets come from the activation on. Those that got into the ring are thrown away, while a filter lets no more
    /// in; mostly there are none, and then nothing waits.
    private func attach(_ text: String, _ sampling: UInt32) throws(LiveCaptureError) {
        guard let filter = KernelFilter(text, sampling: sampling, for: handle) else {
            throw .failed(source, handle.message)
        }
        let descriptor = unsafe pcap_fileno(handle.pointer)
        do {
            try KernelFilter.nothing.attach(to: descriptor)
            discard()
            try filter.attach(to: descriptor)
        } catch {
            throw .filterRefused(source, errno: error.errno)
        }
    }

    /// The kernel hands over a block within the read timeout of its first packet.
    private func discard() {
        var before = pcap_stat()
        guard unsafe pcap_stats(handle.pointer, &before) == 0, before.ps_recv > 0 else { return }
        var waited = unsafe pollfd(
            fd: pcap_get_selectable_fd(handle.pointer), events: Int16(POLLIN), revents: 0)
        let timeout = Int32(clamping: options.readTimeout &* 2)
        while unsafe poll(&waited, 1, timeout) > 0,
            unsafe pcap_dispatch(handle.pointer, -1, { _, _, _ in }, nil) > 0
        {}
    }
}
