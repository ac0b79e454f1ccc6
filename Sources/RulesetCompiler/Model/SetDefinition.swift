package import NetworkTypes

/// A set or map of the table: what its keys are made of, and what it holds for each.
package struct SetDefinition: Sendable, Hashable {
    package var name: String
    /// The parts of the key, side by side.
    package var key: [DataType]
    /// Nil for a set.
    package var data: DataType?
    /// Elements are ranges in every part (the kernel's pipapo set). Costs more to look up and much more to change.
    package var hasIntervals: Bool
    package var hasTimeouts: Bool
    /// Elements that it may hold; one more is ENFILE. With a size and no timeouts the kernel picks its faster fixed hash.
    package var size: UInt32?

    package init(
        _ name: String, key: [DataType], data: DataType? = nil, hasIntervals: Bool = false,
        hasTimeouts: Bool = false, size: UInt32? = nil
    ) {
        self.name = name
        self.key = key
        self.data = data
        self.hasIntervals = hasIntervals
        self.hasTimeouts = hasTimeouts
        self.size = size
    }
}

/// What one part of a key, or the data of a map, means to those who list it. The kernel knows lengths alone.
package enum DataType: Sendable, Hashable {
    case interfaceIndex, ipProtocol, port, mark, verdict
    case address(AddressFamily)
    /// The name of the interface that a route leads out of. It is no name of an interface to `nft`, which knows it by what
    /// reads it (`typeof fib daddr oifname`).
    case routeName
    /// A number without a meaning of its own, cut out of a packet (`typeof @th,…`).
    case transportBits(offset: Int, length: Int)

    package var length: Int {
        switch self {
        case .interfaceIndex, .mark: 4
        case .routeName: 16
        case .address(let family): family.bitWidth / 8
        case .ipProtocol: 1
        case .port: 2
        case .verdict: 0
        case .transportBits(_, let length): length / 8
        }
    }
}

/// One part of an element's key.
package enum KeyPart: Sendable, Hashable {
    case interfaceIndex(UInt32)
    /// Whole, of at most 15 bytes (IFNAMSIZ).
    case interfaceName(String)
    case address(IPAddress)
    case ipProtocol(UInt8)
    case port(UInt16)
    case mark(UInt32)
}

/// One element of a set or map.
package struct SetElement: Sendable, Hashable {
    package var key: [KeyPart]
    /// The last of each part, in sets with intervals.
    package var end: [KeyPart]?
    package var data: Datum?
    /// Milliseconds until the kernel forgets the element by itself; nil for never.
    package var timeout: UInt64?

    package enum Datum: Sendable, Hashable {
        case mark(UInt32)
        /// To the chain, and back when it ends without a verdict.
        case jump(String)
    }

    package init(_ key: [KeyPart], to end: [KeyPart]? = nil, data: Datum? = nil, timeout: UInt64? = nil) {
        self.key = key
        self.end = end
        self.data = data
        self.timeout = timeout
    }
}
