import CPcap
import Glibc

/// A handle of libpcap's, closed when nobody holds it any more. It has one user at a time.
@safe
final class PcapHandle {
    let pointer: OpaquePointer

    /// Takes over what a function of libpcap's returned; nil when that is nothing.
    init?(_ pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = pointer
    }

    deinit { unsafe pcap_close(pointer) }

    /// What libpcap says of the last error. The text is the handle's and is copied.
    var message: String { unsafe String(cString: pcap_geterr(pointer)) }

    /// The number of what stands in front of the packets (`DLT_`).
    var linkNumber: Int32 { unsafe pcap_datalink(pointer) }

    /// Nanoseconds in a unit of a time stamp's fraction of a second.
    var fraction: UInt64 {
        unsafe pcap_get_tstamp_precision(pointer) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000
    }

    /// Runs a function of libpcap's that makes a handle or leaves a message in a buffer of the size it wants.
    static func open(
        _ body: (UnsafeMutablePointer<CChar>) -> OpaquePointer?
    ) throws(PcapMessage) -> PcapHandle {
        var handle: PcapHandle?
        let message = unsafe text { unsafe handle = PcapHandle(body($0)) }
        guard let handle else { throw PcapMessage(text: message) }
        return handle
    }

    /// What a function of libpcap's writes into a buffer for messages.
    static func text(_ body: (UnsafeMutablePointer<CChar>) -> Void) -> String {
        // libpcap ends its messages with a zero, within the buffer; the last byte is one in any case.
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PCAP_ERRBUF_SIZE) + 1) { buffer in
            unsafe buffer.initialize(repeating: 0)
            guard let start = buffer.baseAddress else { return "" }
            unsafe body(start)
            return unsafe String(cString: start)
        }
    }
}

/// An error in libpcap's words.
struct PcapMessage: Error {
    let text: String
}
