/// Why a live capture cannot begin, or ended.
package enum LiveCaptureError: Error, Sendable, Hashable {
    case noSuchInterface(String)
    /// The interface is there and not up.
    case interfaceIsDown(String)
    /// CAP_NET_RAW is needed for an interface, CAP_NET_ADMIN for NFLOG.
    case notPermitted(LiveSource)
    /// Another process reads the group.
    case groupIsTaken(UInt16)
    /// The number is libpcap's, of what stands in front of the packets (`DLT_`).
    case unsupportedLink(LiveSource, Int32)
    /// A filter whose meaning the interface's framing does not allow in the kernel.
    case noDirection(String)
    /// The kernel did not take the filter; the system's error.
    case filterRefused(LiveSource, errno: Int32)
    /// The interface went down or away while it was captured. What was seen before has been handed over.
    case interfaceLost(String)
    /// Anything else, in the words of libpcap or the system.
    case failed(LiveSource, String)
}

extension LiveCaptureError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noSuchInterface(let name): "\(name): no such interface"
        case .interfaceIsDown(let name): "\(name): the interface is not up"
        case .notPermitted(.interface(let name, _, _)): "\(name): capturing needs CAP_NET_RAW"
        case .notPermitted(.nflog(let group)): "nflog:\(group): reading a group needs CAP_NET_ADMIN"
        case .groupIsTaken(let group): "nflog:\(group): another process reads this group"
        case .unsupportedLink(let source, let number):
            "\(source): frames of link type \(number) cannot be read"
        case .noDirection(let name): "\(name): a direction needs one interface"
        case .filterRefused(let source, let number):
            "\(source): the kernel refused the filter: \(systemMessage(number))"
        case .interfaceLost(let name): "\(name): the interface went down or away"
        case .failed(let source, let message): "\(source): \(message)"
        }
    }
}
