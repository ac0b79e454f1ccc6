package import Evidence

/// Takes posture reports from the network: who keeps the register, the facts and the sessions.
///
/// Whoever speaks has been believed when it is asked: what a report says of its subject is the connection's word, not
/// the body's.
package protocol PostureSink: Sendable {
    /// The devices on the register, one for each subject and in their order; nil for one that is not there.
    func devices(_ subjects: [PostureReport.Subject]) async -> [RegisteredDevice?]

    /// Takes reports in their order and says for each whether it counts, in the same order and number.
    ///
    /// A receipt means that the report is on disk: the sender is told so, and will not send it again.
    func take(_ reports: [PostureReport]) async -> [Result<PostureReceipt, PostureRejection>]
}

/// What the register says of a device, as far as it matters to who may speak for it.
package struct RegisteredDevice: Sendable, Hashable {
    /// The inventory's name.
    package var id: String
    package var kind: DeviceKind
    /// Other names by which an agent may call the device that it runs on: a serial number, a hardware UUID, a host name.
    package var otherNames: [String]

    package init(id: String, kind: DeviceKind, otherNames: [String] = []) {
        self.id = id
        self.kind = kind
        self.otherNames = otherNames
    }

    /// Names are compared without regard to the case of ASCII letters: hardware says `4ab2906d`, osquery `4AB2906D`.
    func isCalled(_ name: String) -> Bool {
        ([id] + otherNames).contains { Self.folded($0) == Self.folded(name) }
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}

/// A report counts, and is on disk.
package struct PostureReceipt: Sendable, Hashable {
    /// The inventory's name of the device.
    package var device: String

    package init(device: String) { self.device = device }
}

/// Why a report that could be read does not count.
package enum PostureRejection: Error, Sendable, Hashable, CustomStringConvertible {
    /// On no register.
    case unknownDevice
    /// Times in the future, backwards, or no fact at all.
    case refused(PostureRefusal)
    /// Cannot be kept now; the same report may be sent again later. The reason is for the sender to read.
    case notNow(String)

    package var description: String {
        switch self {
        case .unknownDevice: "the device is not on the register"
        case .refused(let refusal): "\(refusal)"
        case .notNow(let reason): reason
        }
    }
}
